// SPDX-License-Identifier: Apache-2.0
import { allocateAddress } from '../network/address-pool';
import { bridgeConfig, ensureBridge } from '../network/bridge';
import { type Connection, lxcNetwork } from '../network/lxc-net';
import { nameFiles } from '../network/names';
import type { Store } from '../store/store';
import type { ContainerRow } from './record';
import type { ContainerSpec } from './spec';

export interface NetworkSetup {
  /** liblxc's keys. */
  config: string[];
  /** Content of what is mounted under the container's /etc, by path. */
  files: Record<string, string>;
}

/** Address, bridge and the three files under /etc. @throws E_NO_ADDRESS, E_CONFLICT */
export async function prepareNetwork(store: Store, row: ContainerRow, spec: ContainerSpec): Promise<NetworkSetup> {
  const connection = await connect(store, row, spec);
  const names = nameFiles(spec.network, spec.hostname, connection.mode === 'bridge' ? connection.ip : '');
  const directory = store.layout.container(row.id);
  const files = { [`${directory}/hosts`]: names.hosts, [`${directory}/hostname`]: names.hostname, [`${directory}/resolv.conf`]: names.resolvConf };
  return { config: lxcNetwork(connection), files };
}

async function connect(store: Store, row: ContainerRow, spec: ContainerSpec): Promise<Connection> {
  if (spec.network !== 'bridge') return { mode: spec.network };
  const bridge = bridgeConfig(store.marker);
  const ip = allocateAddress(store.db.raw, store.marker.subnet, row.id);
  await ensureBridge(bridge);
  return { mode: 'bridge', bridge, containerId: row.id, ip };
}
