// SPDX-License-Identifier: Apache-2.0
import type { EngineEvent } from '../events/event';
import { type EventAttributes, recordEvent } from '../events/journal';
import { type Announced, announceEvent, postEvent } from '../events/outbox';
import { pastEvents } from '../events/past';
import type { Store } from '../store/store';
import type { ContainerRow } from './record';
import type { ContainerSpec } from './spec';

/** A container's row, or what will be in it. */
type Subject = Pick<ContainerRow, 'id' | 'name' | 'image_name'> & { spec: string | ContainerSpec };

/** What every event of a container says of it, as Docker has it: labels, image and name. */
function attributesOf({ name, image_name, spec }: Subject): Record<string, string> {
  const { labels } = typeof spec === 'string' ? (JSON.parse(spec) as ContainerSpec) : spec;
  return { ...labels, image: image_name, name };
}

/** The same for its supervisor: the members of a JSON object. */
export function eventMembers(subject: Subject): string {
  return JSON.stringify(attributesOf(subject)).slice(1, -1);
}

/**
 * What changes nothing, before anybody gets to see anything of it: so it is with Docker, and nothing gets out untold. (What is done to one
 * that runs is its supervisor's to tell, which does it.)
 */
export function recordContainerEvent(store: Pick<Store, 'layout'>, subject: Subject, action: string, attributes: EventAttributes = {}): void {
  recordEvent(store, 'container', action, subject.id, { ...attributesOf(subject), ...attributes });
}

/** In the transaction that changes it. */
export function postContainerEvent(store: Pick<Store, 'db' | 'layout'>, subject: Subject, action: string, attributes: EventAttributes = {}): void {
  postEvent(store, 'container', action, subject.id, { ...attributesOf(subject), ...attributes });
}

/** What takes more than a transaction; in the one that begins it. */
export function announceContainerEvent(store: Pick<Store, 'db' | 'layout'>, subject: Subject, action: string): Announced {
  return announceEvent(store, 'container', action, subject.id, attributesOf(subject));
}

/**
 * The end of a container whose supervisor was killed, when it had told of the start and not of the end: its last act may
 * have been that. Reads the journal, which is in memory; written at once, before the row is changed, since no other start may come before it.
 */
export function recordLostEnd(store: Pick<Store, 'layout'>, row: ContainerRow, exitCode: number): void {
  const own = ownEvents(store, row, ['start', 'die']);
  // None at all: it started longer ago than the journal reaches.
  const last = own.at(-1)?.Action ?? (row.state === 'starting' ? 'die' : 'start');
  if (last === 'start') recordContainerEvent(store, row, 'die', { exitCode: String(exitCode) });
}

/** Of a stop whose supervisor was killed before it could tell of that, once for all who wait for it. */
export function recordLostStop(store: Pick<Store, 'db' | 'layout'>, row: ContainerRow): void {
  store.db.transaction(() => {
    if (ownEvents(store, row, ['start', 'die', 'stop']).at(-1)?.Action === 'die') recordContainerEvent(store, row, 'stop');
  });
}

function ownEvents(store: Pick<Store, 'layout'>, { id }: ContainerRow, actions: string[]): EngineEvent[] {
  return pastEvents(store).filter(({ Type, Action, Actor }) => Type === 'container' && Actor.ID === id && actions.includes(Action));
}
