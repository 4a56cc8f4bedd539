// SPDX-License-Identifier: Apache-2.0
import { statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { Layout } from './layout';

const SIZE = 4 * 1024 ** 2;
/** Below this much free space the reserve is not made again: it is for those who now remove things. */
const ENOUGH = 64 * 1024 ** 2;

/** Space kept for the state alone: on a full disk the row of what is being removed must still be written. */
export function keepReserve(layout: Layout): void {
  try {
    if (statSync(layout.reserve, { throwIfNoEntry: false })?.size === SIZE) return;
    const { bavail, bsize } = statfsSync(layout.root);
    if (bavail * bsize > ENOUGH) writeFileSync(layout.reserve, Buffer.alloc(SIZE), { mode: 0o600 });
  } catch {
    // a full disk or a read-only one: another time
  }
}

/** Gives the reserved space free; false when it was so already. */
export function spendReserve(path: string): boolean {
  try {
    if (statSync(path).size === 0) return false;
    truncateSync(path);
    return true;
  } catch {
    return false;
  }
}
