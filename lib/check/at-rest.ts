// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { probeSockets } from '../binding/supervisor';
import { containerById } from '../containers/record';
import type { Store } from '../store/store';

/** Other things than containers' own may lie beside them. */
export function isId(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** Does nothing of this container run? The supervisor of one that has just ended is still clearing up itself. */
export function isAtRest(store: Store, id: string): boolean {
  const state = containerById(store, id)?.state ?? 'created';
  return ['created', 'exited'].includes(state) && probeSockets([store.layout.controlSocket(id)])[0] !== true;
}

/** Of these things, those that `look` finds something of for a while: a supervisor that is just ending takes it away itself. */
export async function lasting<Thing, Found>(things: Thing[], look: (thing: Thing) => Found | undefined): Promise<[Thing, Found][]> {
  const find = (list: Thing[]) => list.flatMap((thing): [Thing, Found][] => {
    const found = look(thing);
    return found === undefined ? [] : [[thing, found]];
  });
  let found = find(things);
  for (let attempt = 0; attempt < 20 && found.length > 0; attempt++) {
    await delay(10);
    found = find(found.map(([thing]) => thing));
  }
  return found;
}
