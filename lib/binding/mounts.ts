// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

export interface Mount {
  target: string;
  /** File system type. */
  type: string;
  source: string;
  /** Something mounted below it may arrive elsewhere, or what is mounted elsewhere below it: it is shared or a slave. */
  propagates: boolean;
}

/** The mounts of this process's namespace, in the order they were made; see proc_pid_mountinfo(5). */
export function readMounts(): Mount[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const propagates = fields.slice(6, dash).some((field) => /^(shared|master):/.test(field));
    return { target: unescape(fields[4]), type: fields[dash + 1] ?? '', source: unescape(fields[dash + 2]), propagates };
  });
}

/** Space, tab, newline and backslash are written as \ooo. */
function unescape(field = ''): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
