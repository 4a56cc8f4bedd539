// SPDX-License-Identifier: Apache-2.0
import { type Announced, announceEvent, postEvent } from '../events/outbox';
import type { Store } from '../store/store';
import type { Network } from './record';

type Subject = Pick<Network, 'id' | 'name' | 'driver'>;

/** In the transaction that changes it. */
export function postNetworkEvent(store: Pick<Store, 'db' | 'layout'>, { id, name, driver }: Subject, action: 'create' | 'destroy'): void {
  postEvent(store, 'network', action, id, { name, type: driver });
}

/** `container` runs: its place in the network is about to be made or taken away. In a transaction. */
export function announceNetworkEvent(store: Pick<Store, 'db' | 'layout'>, { id, name, driver }: Subject, action: 'connect' | 'disconnect', container: string): Announced {
  return announceEvent(store, 'network', action, id, { container, name, type: driver });
}
