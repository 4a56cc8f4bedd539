// SPDX-License-Identifier: Apache-2.0
import { existing, startTimes } from '../binding/btrfs';
import { Layout } from '../store/layout';
import type { Store } from '../store/store';
import { processOf } from '../util/owner';
import type { ContainerRow } from './record';

export type ActiveRow = Pick<ContainerRow, 'id' | 'state' | 'owner'>;

/**
 * Those of the rows that are as they say: running, with a supervisor that lives and has noted no end. All of them are
 * looked at in two calls, as a thousand may run.
 */
export async function stillRunning(store: Store, rows: readonly ActiveRow[]): Promise<Set<string>> {
  const running = rows.filter(({ state }) => state === 'running' || state === 'paused');
  if (running.length === 0) return new Set();
  const supervisors = running.map(({ owner }) => processOf(owner));
  const looks = startTimes(supervisors.map((supervisor) => supervisor?.pid ?? 0)); // in another thread
  const ended = existing(store.layout.containers, running.map(({ id }) => id), Layout.exitName);
  const times = await looks;
  return new Set(running.filter((_, i) => times[i] === Number(supervisors[i]?.start) && ended[i] !== 1).map(({ id }) => id));
}
