// SPDX-License-Identifier: Apache-2.0
import { appendEvent } from '../binding/journal';
import type { Store } from '../store/store';

export type EventType = 'container' | 'image' | 'network' | 'volume' | 'builder';

/**
 * Notes in the store's journal what has happened to something, as Docker names it: a file in memory to which whoever acts
 * appends a line, this process or a container's supervisor (native/supervisor/event_log.cc). Nobody has to listen. An event
 * that cannot be written is lost: watching must not keep anything from being done.
 */
export function recordEvent(store: Pick<Store, 'layout'>, type: EventType, action: string, id: string, attributes: Readonly<Record<string, string>> = {}): void {
  const event = JSON.stringify({ Type: type, Action: action, Actor: { ID: id, Attributes: attributes }, scope: 'local' });
  try {
    appendEvent(store.layout.journal, event.slice(0, -1));
  } catch {
    // The run directory's file system is full.
  }
}
