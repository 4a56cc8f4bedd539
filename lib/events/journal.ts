// SPDX-License-Identifier: Apache-2.0
import { appendLine, timedEvent } from '../binding/journal';
import type { Store } from '../store/store';

export type EventType = 'container' | 'image' | 'network' | 'volume' | 'builder';

export type EventAttributes = Readonly<Record<string, string>>;

/**
 * Notes in the store's journal what has happened to something, as Docker names it: a file in memory to which whoever acts
 * appends a line, this process or a container's supervisor (native/supervisor/event_log.cc). Nobody has to listen. What a
 * transaction changes is posted instead, see outbox.ts.
 */
export function recordEvent(store: Pick<Store, 'layout'>, type: EventType, action: string, id: string, attributes: EventAttributes = {}): void {
  writeLine(store, eventLine(type, action, id, attributes));
}

/** What has happened, and that it is now, as a line of the journal. */
export function eventLine(type: EventType, action: string, id: string, attributes: EventAttributes): string {
  const event = JSON.stringify({ Type: type, Action: action, Actor: { ID: id, Attributes: attributes }, scope: 'local' });
  return timedEvent(event.slice(0, -1));
}

/** An event that cannot be written is lost: watching must not keep anything from being done. */
export function writeLine({ layout }: Pick<Store, 'layout'>, line: string): void {
  try {
    appendLine(layout.journal, line);
  } catch {
    // The run directory's file system is full.
  }
}
