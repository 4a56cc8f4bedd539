// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { machine } from 'node:os';
import { loadAddon } from './load';
import { wrapNativeError } from './native-error';
import type { SeccompPolicy } from './types';

/** The policy as an array of struct sock_filter. Takes some 10 ms, and loads libseccomp. */
export async function compileSeccomp(policy: SeccompPolicy): Promise<Buffer> {
  try {
    return await loadAddon('dockerlite-seccomp').compile(policy);
  } catch (error) {
    throw wrapNativeError(error);
  }
}

let identity: string | undefined;

/** Changes when libseccomp is replaced by another version: told from its file, without loading it. '' when it is not found. */
export function libseccompIdentity(): string {
  identity ??= findLibrary();
  return identity;
}

function findLibrary(): string {
  for (const directory of [`/usr/lib/${machine()}-linux-gnu`, '/usr/lib64', '/usr/lib']) {
    const stat = statSync(`${directory}/libseccomp.so.2`, { throwIfNoEntry: false });
    if (stat !== undefined) return `${stat.ino}-${stat.size}-${Math.floor(stat.mtimeMs)}`;
  }
  return '';
}
