// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

const FLAGS = ['ro', 'rw', 'suid', 'nosuid', 'dev', 'nodev', 'exec', 'noexec', 'sync', 'async', 'dirsync', 'atime', 'noatime', 'diratime', 'nodiratime', 'relatime', 'norelatime', 'strictatime', 'nostrictatime'];
const VALUES: Record<string, RegExp> = {
  size: /^\d+(?:[kmg]|%)?$/i,
  mode: /^[0-7]{1,4}$/,
  uid: /^\d{1,10}$/,
  gid: /^\d{1,10}$/,
  nr_inodes: /^\d+[kmg]?$/i,
  nr_blocks: /^\d+[kmg]?$/i,
  mpol: /^[a-z0-9=:-]+$/,
};

/** Nothing but what is about a tmpfs: the words become part of a line that liblxc reads. @throws E_INVALID in Docker's words */
export function checkTmpfsOptions(options: string): string {
  const words = options === '' ? [] : options.split(',');
  for (const word of words) {
    const equals = word.indexOf('=');
    const key = equals < 0 ? word : word.slice(0, equals);
    const known = equals < 0 ? FLAGS.includes(word) : Object.hasOwn(VALUES, key) && (VALUES[key] as RegExp).test(word.slice(equals + 1));
    if (!known) throw new DockerliteError('E_INVALID', `invalid tmpfs option ${JSON.stringify([word])}`);
  }
  return options;
}
