// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { type EngineEvent, parseEvent } from './event';
import { JournalReader } from './reader';

/** What the journal still holds, oldest first. */
export function pastEvents(store: Pick<Store, 'layout'>): EngineEvent[] {
  return pastLines(store).map(parseEvent).filter((event) => event !== undefined);
}

/** The same as it is written, with lines that were cut. */
export function pastLines({ layout }: Pick<Store, 'layout'>): string[] {
  const reader = new JournalReader(layout.journal);
  try {
    return [...reader.lines()];
  } finally {
    reader.close();
  }
}
