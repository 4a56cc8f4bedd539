// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { DockerliteError, invalid } from '../errors';
import { randomId } from '../util/id';
import { checkVolumeName } from '../volumes/names';
import { checkDriver, checkVolumeOptions } from '../volumes/options';
import type { BindMount, MountOptions, MountSpec, Propagation, VolumeMount } from './mount-spec';
import { checkMountTarget } from './mount-targets';
import { checkTmpfsOptions } from './tmpfs-options';
import { parseVolumeFlag } from './volume-flag';

const PROPAGATIONS: Propagation[] = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];

/** What -v takes, or a structured mount, as a container has it. @throws E_INVALID, E_UNSUPPORTED */
export function parseMount(mount: string | MountOptions): MountSpec {
  const checked = checkMount(typeof mount === 'string' ? parseVolumeFlag(mount) : mount);
  checkMountTarget(checked.target, checked);
  return checked;
}

function checkMount(given: MountOptions): MountSpec {
  switch (given.type) {
    case 'bind':
      return checkBind(given);
    case 'volume':
      return checkVolume(given);
    case 'tmpfs':
      return { type: 'tmpfs', target: checkTarget(given.target), options: checkTmpfsOptions(given.options) };
    default:
      throw new DockerliteError('E_INVALID', `invalid mount config for type "${String((given as { type: unknown }).type)}": mount type unknown`);
  }
}

/** `/path[:options]` as --tmpfs takes it. @throws E_INVALID */
export function parseTmpfs(text: string): MountSpec {
  const colon = text.indexOf(':');
  return parseMount({ type: 'tmpfs', target: colon < 0 ? text : text.slice(0, colon), options: colon < 0 ? '' : text.slice(colon + 1) });
}

function checkBind({ source, target, readonly, propagation, nonRecursive, createSource }: BindMount): BindMount {
  if (!source.startsWith('/')) {
    throw new DockerliteError('E_INVALID', `invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`);
  }
  if (source.includes('\0')) throw invalid('mount source', 'a path without NUL bytes', source);
  if (propagation !== undefined && !PROPAGATIONS.includes(propagation)) {
    throw new DockerliteError('E_INVALID', `invalid mount config for type "bind": invalid propagation mode: ${String(propagation)}`);
  }
  if (propagation === 'shared' || propagation === 'rshared') {
    throw new DockerliteError('E_UNSUPPORTED', `propagation mode ${propagation} is not supported: what a container mounts never appears on the host`, {
      hint: 'with rslave it sees what the host mounts',
    });
  }
  const clean = posix.normalize(source);
  if (createSource !== true) requireSource(clean);
  return {
    type: 'bind',
    source: clean,
    target: checkTarget(target),
    readonly: readonly === true,
    ...(propagation !== undefined && propagation !== 'rprivate' && { propagation }),
    ...(nonRecursive === true && { nonRecursive }),
    createSource: createSource === true,
  };
}

/** @throws E_INVALID in Docker's words */
export function requireSource(path: string): void {
  if (existsSync(path)) return;
  throw new DockerliteError('E_INVALID', `invalid mount config for type "bind": bind source path does not exist: ${path}`, { path });
}

function checkVolume(given: Extract<MountOptions, { type: 'volume' }>): VolumeMount {
  const { target, readonly, noCopy, subpath, labels = {}, driverOptions = {} } = given;
  const anonymous = given.name === undefined || given.name === '';
  const name = anonymous ? randomId() : checkVolumeName(given.name as string);
  checkDriver(given.driver, name);
  checkVolumeOptions(name, driverOptions);
  if (subpath !== undefined) checkSubpath(subpath);
  return {
    type: 'volume',
    name,
    target: checkTarget(target),
    readonly: readonly === true,
    ...(anonymous && { anonymous }),
    ...(noCopy === true && { noCopy }),
    ...(subpath !== undefined && subpath !== '' && { subpath }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(driverOptions).length > 0 && { driverOptions }),
  };
}

function checkSubpath(path: string): void {
  const local = !path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..');
  if (!local) throw new DockerliteError('E_INVALID', `invalid mount config for type "volume": subpath must be a relative path within the volume: ${JSON.stringify(path)}`);
}

function checkTarget(target: string): string {
  if (!target.startsWith('/') || target.includes('\0')) {
    throw new DockerliteError('E_INVALID', `invalid mount path: '${target}' mount path must be absolute`);
  }
  const clean = posix.normalize(target).replace(/(.)\/$/, '$1');
  if (clean === '/') throw new DockerliteError('E_INVALID', `invalid volume specification: destination can't be '/'`);
  return clean;
}
