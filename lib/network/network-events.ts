// SPDX-License-Identifier: Apache-2.0
import { recordEvent } from '../events/journal';
import { postEvent } from '../events/outbox';
import type { Store } from '../store/store';
import type { Network } from './record';

type Subject = Pick<Network, 'id' | 'name' | 'driver'>;

/** In the transaction that changes it. */
export function postNetworkEvent(store: Pick<Store, 'db' | 'layout'>, { id, name, driver }: Subject, action: 'create' | 'destroy'): void {
  postEvent(store, 'network', action, id, { name, type: driver });
}

/** `container` runs: its place in the network was made or taken away. */
export function recordNetworkEvent(store: Pick<Store, 'layout'>, { id, name, driver }: Subject, action: 'connect' | 'disconnect', container: string): void {
  recordEvent(store, 'network', action, id, { container, name, type: driver });
}
