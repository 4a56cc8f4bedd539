// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { type EngineEvent, parseEvent } from './event';
import { JournalReader } from './reader';

/** What the journal still holds, oldest first. */
export function pastEvents({ layout }: Pick<Store, 'layout'>): EngineEvent[] {
  const reader = new JournalReader(layout.journal);
  try {
    return [...reader.lines()].map(parseEvent).filter((event) => event !== undefined);
  } finally {
    reader.close();
  }
}
