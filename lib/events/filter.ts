// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { hasLabel } from '../util/labels';
import type { EngineEvent } from './event';

export type EventFilters = Readonly<Record<string, readonly string[]>>;

type Matches = (event: EngineEvent, values: readonly string[]) => boolean;

/** One of the values, or the beginning of the id or the name of what it happened to; see Docker's daemon/events/filter.go. */
const byNameOrId: Matches = ({ Actor }, values) => values.some((value) => Actor.ID.startsWith(value) || (Actor.Attributes['name'] ?? '').startsWith(value));

/** What these are followed by need not be given. */
const OPEN_ACTIONS = ['health_status', 'exec_create', 'exec_start'];

const FILTERS: Record<string, Matches> = {
  container: byNameOrId,
  daemon: byNameOrId,
  network: byNameOrId,
  node: byNameOrId,
  plugin: byNameOrId,
  service: byNameOrId,
  volume: byNameOrId,
  secret: byNameOrId,
  config: byNameOrId,
  event: ({ Action }, values) => {
    const open = values.some((value) => OPEN_ACTIONS.includes(value));
    return values.some((value) => (open ? Action.startsWith(value) : Action === value));
  },
  image: ({ Type, Actor }, values) => {
    const name = Actor.Attributes[Type === 'image' ? 'name' : 'image'] ?? '';
    return [Actor.ID, name, withoutTag(Actor.ID), withoutTag(name)].some((one) => values.includes(one));
  },
  label: ({ Actor }, values) => values.every((value) => hasLabel(Actor.Attributes, value)),
  scope: ({ scope }, values) => values.includes(scope),
  type: ({ Type }, values) => values.includes(Type),
};

/** What the event must be for each key; the values of one are alternatives, but for labels. @throws E_INVALID in Docker's words */
export function eventFilter(filters: EventFilters): (event: EngineEvent) => boolean {
  const wanted = Object.entries(filters).map(([key, values]) => {
    const matches = Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    if (matches === undefined) throw new DockerliteError('E_INVALID', `invalid filter '${key}'`);
    return { matches, values };
  });
  return (event) => wanted.every(({ matches, values }) => values.length === 0 || matches(event, values));
}

function withoutTag(name: string): string {
  return /^(.+):[\w][\w.-]*$/.exec(name)?.[1] ?? name;
}
