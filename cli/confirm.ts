// SPDX-License-Identifier: Apache-2.0
import { readSync } from 'node:fs';
import type { Io } from './io';

/** Asks on the terminal; only a line that begins with y is a yes. */
export function confirm(io: Io, warning: string): boolean {
  io.stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  return /^y/i.test(readLine());
}

function readLine(): string {
  const byte = Buffer.alloc(1);
  let line = '';
  try {
    while (line.length < 100 && readSync(0, byte, 0, 1, null) === 1 && byte[0] !== 10) line += byte.toString('latin1');
  } catch {
    // nobody there to answer
  }
  return line;
}
