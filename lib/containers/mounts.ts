// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { DockerliteError, invalid } from '../errors';
import type { BindMount, MountSpec, TmpfsMount } from './spec';

/** `host:container[:ro|rw]` as -v takes it, or a structured mount. @throws E_INVALID */
export function parseMount(mount: string | MountSpec): MountSpec {
  if (typeof mount !== 'string') {
    return mount.type === 'bind' ? checkBind(mount) : parseTmpfs(`${mount.target}:${mount.options}`);
  }
  const parts = mount.split(':');
  const [source, target, mode] = parts;
  if (parts.length < 2 || parts.length > 3 || !source || !target) {
    throw new DockerliteError('E_INVALID', `invalid volume specification: '${mount}'`, { hint: 'the form is /host/path:/container/path[:ro]' });
  }
  const modes = (mode ?? 'rw').split(',');
  if (!modes.every((word) => ['ro', 'rw', 'z', 'Z'].includes(word))) {
    throw new DockerliteError('E_INVALID', `invalid mode: ${mode}`, { hint: 'use ro or rw' });
  }
  return checkBind({ type: 'bind', source, target, readonly: modes.includes('ro') });
}

/** `/path[:options]` as --tmpfs takes it. @throws E_INVALID */
export function parseTmpfs(text: string): TmpfsMount {
  const colon = text.indexOf(':');
  const target = colon < 0 ? text : text.slice(0, colon);
  const options = colon < 0 ? '' : text.slice(colon + 1);
  if (!/^[a-zA-Z0-9=,.%-]*$/.test(options)) throw invalid('tmpfs options', 'words such as size=64m,mode=1777', options);
  return { type: 'tmpfs', target: checkTarget(target), options };
}

function checkBind(mount: BindMount): BindMount {
  if (!mount.source.startsWith('/')) {
    throw new DockerliteError('E_INVALID', `invalid mount source '${mount.source}': it must be an absolute path on the host`);
  }
  if (/[\0]/.test(mount.source)) throw invalid('mount source', 'a path without NUL bytes', mount.source);
  return { type: 'bind', source: posix.normalize(mount.source), target: checkTarget(mount.target), readonly: mount.readonly === true };
}

function checkTarget(target: string): string {
  const clean = posix.normalize(target).replace(/(.)\/$/, '$1');
  if (!target.startsWith('/') || target.includes('\0')) {
    throw new DockerliteError('E_INVALID', `invalid mount path: '${target}' mount path must be absolute`);
  }
  if (clean === '/') throw new DockerliteError('E_INVALID', `invalid volume specification: destination can't be '/'`);
  return clean;
}

/** Docker's -v makes a missing source directory; a structured mount must exist. Called when the container starts. */
export function missingSources(mounts: MountSpec[]): string[] {
  return mounts.flatMap((mount) => (mount.type === 'bind' && !existsSync(mount.source) ? [mount.source] : []));
}
