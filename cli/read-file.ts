// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { UsageError } from './command';

/** A text file that an option names. @throws UsageError in Docker's words, behind `what` */
export function readNamedFile(file: string, what = ''): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { message, syscall = 'open' } = error as NodeJS.ErrnoException;
    // "ENOENT: no such file or directory, open '/x'"
    const [, reason = message] = /^[A-Z0-9]+: (.+?), /.exec(message) ?? [];
    throw new UsageError(`${what}${syscall} ${file}: ${reason}`);
  }
}
