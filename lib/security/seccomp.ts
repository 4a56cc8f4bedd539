// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { machine, release } from 'node:os';
import { dirname } from 'node:path';
import { compileSeccomp, libseccompIdentity } from '../binding/seccomp';
import type { Layout } from '../store/layout';
import { defaultProfile } from './seccomp-default';
import { parseProfile } from './seccomp-profile';
import { resolveProfile } from './seccomp-rules';

/** Goes up with every change of the default policy or of how a profile becomes a filter: older filters are not used then. */
const REVISION = 2;

const known = new Map<string, Buffer>();

/**
 * The filter of a container with these capabilities, compiled the first time anybody on this machine needs it: it is kept in
 * the store's run directory, by everything it depends on. `profile` is JSON in Docker's form, undefined for the default.
 * @throws E_INVALID, E_NATIVE_MISSING
 */
export async function seccompFilter(layout: Layout, profile: string | undefined, capabilities: bigint): Promise<Buffer> {
  const path = layout.seccompFilter(keyOf(profile, capabilities));
  const filter = known.get(path) ?? readFilter(path) ?? (await makeFilter(path, profile, capabilities));
  known.set(path, filter);
  return filter;
}

function keyOf(profile: string | undefined, capabilities: bigint): string {
  const [kernel, major] = release().split('.');
  return [profile === undefined ? 'default' : digest(profile), REVISION, capabilities.toString(16), machine(), `${kernel}.${major}`, libseccompIdentity()].join('_');
}

/** node:crypto takes long to load, so only who brings a profile waits for it. */
function digest(text: string): string {
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  return createHash('sha256').update(text).digest('hex');
}

function readFilter(path: string): Buffer | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.length > 0 && bytes.length % 8 === 0 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

async function makeFilter(path: string, profile: string | undefined, capabilities: bigint): Promise<Buffer> {
  const filter = await compileSeccomp(resolveProfile(profile === undefined ? defaultProfile() : parseProfile(profile), capabilities));
  const temporary = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  writeFileSync(temporary, filter, { mode: 0o600 });
  renameSync(temporary, path);
  return filter;
}
