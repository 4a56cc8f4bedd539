// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import type { EventType } from './journal';
import { type Announced, announceEvent, postEvent } from './outbox';

type Where = Pick<Store, 'db' | 'layout'>;

/** What a prune has freed, for its event. */
export interface Pruned {
  /** In the transaction that begins a removal: from then on somebody ends that, whoever is killed. */
  removes(bytes: number): void;
}

/** Tells the event `prune` of what `work` removes; of one that is cut short too, by whatever it is, what has been freed by then. */
export async function pruning<T>({ db, layout }: Where, type: EventType, work: (pruned: Pruned) => Promise<T>): Promise<T> {
  const store = { db, layout };
  let reclaimed = 0;
  let noted: Announced | undefined;
  const attributes = (bytes: number) => ({ reclaimed: String(bytes) });
  const tell = () =>
    db.transaction(() => {
      noted?.withdraw();
      postEvent(store, type, 'prune', '', attributes(reclaimed));
    });
  const removes = (bytes: number) => {
    const sum = reclaimed + bytes;
    noted?.withdraw();
    const next = announceEvent(store, type, 'prune', '', attributes(sum));
    db.afterCommit(() => ([reclaimed, noted] = [sum, next]));
  };
  let result: T;
  try {
    result = await work({ removes });
  } catch (error) {
    try {
      if (noted !== undefined) tell();
    } catch {
      // its row is the next process's to tell
    }
    throw error;
  }
  tell();
  return result;
}
