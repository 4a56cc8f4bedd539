// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { findContainer } from './record';
import { settleRow } from './settle';
import { DockerliteError } from '../errors';
import { listAddresses, setAddress } from '../network/address-pool';
import { addressPool } from '../network/attachment';
import { predefinedNetwork } from '../network/record';

export interface AddressInfo {
  ip: string;
  /** Name of the network it is of. */
  network: string;
  containerId: string;
  /** The container's name. */
  name: string;
  /** Kept while the container is stopped. */
  fixed: boolean;
}

/** The addresses given to a store's containers. */
export class Addresses {
  /** @internal */
  constructor(private readonly context: Context) {}

  /** All that are given out, in order. */
  list(): AddressInfo[] {
    const { db } = this.context.store;
    return db.guard(() => listAddresses(db.raw)).map((entry) => ({
      ...entry,
      name: db.get<{ name: string }>('SELECT name FROM containers WHERE id = ?', entry.containerId)?.name ?? '',
    }));
  }

  /**
   * Gives a container an address for good; without one, the next that is free. It takes effect at its next start.
   * @throws E_NO_SUCH_CONTAINER, E_CONFLICT while it runs, E_INVALID, E_ADDRESS_IN_USE, E_NO_ADDRESS
   */
  async set(container: string, ip?: string): Promise<string> {
    const { store } = this.context;
    const row = await settleRow(store, findContainer(store, container));
    if (row === undefined || !['created', 'exited'].includes(row.state)) {
      throw new DockerliteError('E_CONFLICT', `container ${container} is running`, { hint: 'stop it first: its address is in use' });
    }
    return store.db.transaction(() => setAddress(store.db.raw, addressPool(predefinedNetwork(store, 'bridge')), row.id, ip));
  }
}
