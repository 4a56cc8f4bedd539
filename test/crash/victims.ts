// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';

/** Supervisors and spawners that this test run started. */
export function supervisors(): number[] {
  const marker = `DOCKERLITE_TEST_RUN=${process.env['DOCKERLITE_TEST_RUN']}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/comm`).startsWith('dockerlite-supe') && read(`/proc/${pid}/environ`).split('\0').includes(marker))
    .map(Number);
}

/** How many descriptors a process has open. */
export function descriptors(pid: number | 'self'): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
