// SPDX-License-Identifier: Apache-2.0
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
