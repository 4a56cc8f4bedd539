// SPDX-License-Identifier: Apache-2.0
import { existing, startTimes } from '../binding/btrfs';
import type { Store } from '../store/store';
import { processOf } from '../util/owner';
import type { ContainerRow } from './record';

export type ActiveRow = Pick<ContainerRow, 'id' | 'state' | 'owner'>;

/**
 * Those of the rows that are as they say: running, with a supervisor that lives and has noted no end. All of them are
 * looked at in two calls, as a thousand may run.
 */
export function stillRunning(store: Store, rows: readonly ActiveRow[]): Set<string> {
  const running = rows.flatMap(({ id, state, owner }) => {
    const supervisor = state === 'running' || state === 'paused' ? processOf(owner) : undefined;
    return supervisor === undefined ? [] : [{ id, ...supervisor, record: store.layout.containerExit(id) }];
  });
  const ended = existing(running.map(({ record }) => record));
  const candidates = running.filter(({ record }) => !ended.has(record));
  const times = startTimes(candidates.map(({ pid }) => pid));
  return new Set(candidates.filter(({ start }, i) => String(times[i]) === start).map(({ id }) => id));
}
