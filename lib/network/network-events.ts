// SPDX-License-Identifier: Apache-2.0
import { recordEvent } from '../events/journal';
import type { Store } from '../store/store';
import type { Network } from './record';

/** `container` is whose place in the network it is about. */
export function recordNetworkEvent(store: Pick<Store, 'layout'>, network: Pick<Network, 'id' | 'name' | 'driver'>, action: 'create' | 'destroy' | 'connect' | 'disconnect', container?: string): void {
  const attributes = { ...(container !== undefined && { container }), name: network.name, type: network.driver };
  recordEvent(store, 'network', action, network.id, attributes);
}
