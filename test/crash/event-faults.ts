// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../../lib/engine';
import { pastEvents } from '../../lib/events/past';
import { storeOf } from '../helpers/engine';

/** Every start of a container was told once, and so was its end, by whoever was left to tell it. */
export async function eventFaults(engine: Engine): Promise<string[]> {
  const running = new Set((await engine.containers.list()).map(({ id }) => id));
  const lives = new Map<string, string[]>();
  for (const { Type, Action, Actor } of pastEvents(storeOf(engine))) {
    if (Type === 'container' && ['start', 'die'].includes(Action)) lives.set(Actor.ID, [...(lives.get(Actor.ID) ?? []), Action]);
  }
  return [...lives].flatMap(([id, actions]) => {
    const expected = actions.map((_, i) => (i % 2 === 0 ? 'start' : 'die'));
    const told = actions.join() === expected.join() && (actions.at(-1) === 'start') === running.has(id);
    return told ? [] : [`events of ${running.has(id) ? 'running' : 'ended'} container ${id}: ${actions.join(' ')}`];
  });
}
