// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { currentOwner, isAlive } from '../util/owner';
import { bridgeOf, removeBridge } from './bridge';
import { postNetworkEvent } from './network-events';
import { bridgeElements } from './elements';
import { type Network, networkOf, type NetworkRow } from './record';
import { tableName } from './rules';
import { removeElements } from './tables';

/** Containers that are in it now. */
export function membersOf(store: Pick<Store, 'db'>, network: string): { id: string; name: string }[] {
  return store.db.all<{ id: string; name: string }>(
    `SELECT containers.id, containers.name FROM addresses JOIN containers ON containers.id = container_id
     WHERE network = ? AND state IN ('starting', 'running', 'paused') ORDER BY containers.name`,
    network,
  );
}

/** @throws E_INVALID (a predefined one), E_CONFLICT while containers are in it, E_NO_SUCH_NETWORK */
export async function removeNetwork(store: Store, network: Network, also?: () => void): Promise<void> {
  const { db } = store;
  if (network.predefined) throw new DockerliteError('E_INVALID', `${network.name} is a pre-defined network and cannot be removed`);
  const claimed = db.transaction(() => {
    const members = membersOf(store, network.name);
    if (members.length > 0) {
      const list = members.map(({ id, name }) => `name:"${name}" id:"${id.slice(0, 12)}"`).join(', ');
      throw new DockerliteError('E_CONFLICT', `error while removing network: network ${network.name} has active endpoints (${list})`, {
        hint: 'stop the containers, or disconnect them',
      });
    }
    const taken = db.run("UPDATE networks SET state = 'removing', owner = ? WHERE id = ? AND state = 'ready'", currentOwner(), network.id);
    if (taken > 0) also?.();
    return taken;
  });
  if (claimed === 0) throw new DockerliteError('E_NO_SUCH_NETWORK', `network ${network.name} not found`);
  await finishRemoval(store, network);
}

/** Finishes what processes that were killed had begun to remove. */
export async function settleNetworks(store: Store): Promise<void> {
  for (const row of abandonedNetworks(store)) await finishRemoval(store, networkOf(row));
}

export function abandonedNetworks({ db }: Pick<Store, 'db'>): NetworkRow[] {
  return db.all<NetworkRow>("SELECT * FROM networks WHERE state = 'removing'").filter(({ owner }) => !isAlive(owner));
}

/** Safe to repeat. */
async function finishRemoval(store: Store, network: Network): Promise<void> {
  const { db } = store;
  await removeBridge(network.bridge);
  await removeElements(bridgeElements(tableName(store.marker.id), bridgeOf(network)));
  db.transaction(() => {
    db.run('DELETE FROM addresses WHERE network = ?', network.name);
    db.run('DELETE FROM addresses6 WHERE network = ?', network.name);
    db.run('DELETE FROM address_queue WHERE network = ?', network.name);
    db.run('DELETE FROM address_cursor WHERE network = ?', network.name);
    const gone = db.run('DELETE FROM networks WHERE id = ?', network.id);
    if (gone > 0) postNetworkEvent(store, network, 'destroy');
  });
}
