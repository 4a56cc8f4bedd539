// SPDX-License-Identifier: Apache-2.0
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 50;
/** Share of all processors' time. */
const BUSY = 0.1;

/** Waits until the processors have hardly anything to do, at most `limit` ms: on a busy machine that does not come. */
export async function untilIdle(limit = 1000): Promise<void> {
  let before = times();
  for (const deadline = Date.now() + limit; Date.now() < deadline; ) {
    await delay(LOOK_MS);
    const now = times();
    if (now.busy - before.busy < BUSY * (now.all - before.all)) return;
    before = now;
  }
}

function times(): { busy: number; all: number } {
  let [idle, all] = [0, 0];
  for (const cpu of cpus()) {
    idle += cpu.times.idle;
    for (const value of Object.values(cpu.times)) all += value;
  }
  return { busy: all - idle, all };
}
