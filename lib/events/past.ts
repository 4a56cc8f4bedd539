// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { Store } from '../store/store';
import { type EngineEvent, parseEvent } from './event';

/** What the journal still holds, oldest first. */
export function pastEvents({ layout }: Pick<Store, 'layout'>): EngineEvent[] {
  const lines = [`${layout.journal}.1`, layout.journal].flatMap((path) => read(path).split('\n'));
  return lines.map(parseEvent).filter((event) => event !== undefined);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // nothing happened yet
  }
}
