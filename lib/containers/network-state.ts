// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import type { NftElement } from '../binding/types';
import { addressesOf } from '../network/address-pool';
import { addressOf6 } from '../network/address-pool6';
import { type Attachment, attachmentElements, vethName } from '../network/attachment';
import { bridgeOf, removeBridge } from '../network/bridge';
import { egressElements } from '../network/egress-elements';
import { bridgeElements, portElement } from '../network/elements';
import { macOf, normaliseEndpoint } from '../network/endpoint';
import { publishedPorts } from '../network/ports';
import { allNetworks, type Network, predefinedNetwork, userBridge } from '../network/record';
import { tableName } from '../network/rules';
import { removeTables, type Tables } from '../network/tables';
import type { Store } from '../store/store';
import { type ContainerRow, specOf } from './record';
import { networkingOf } from './networking';
import { stillRunning } from './still-running';

/** The store's tables; what belongs into them comes from the rows. */
export function tablesOf(store: Store): Tables {
  const name = tableName(store.marker.id);
  return { name, everything: () => allElements(store, name) };
}

async function allElements(store: Store, table: string): Promise<NftElement[]> {
  const networks = allNetworks(store).filter(({ driver }) => driver === 'bridge');
  const bridges = networks.flatMap((network) => bridgeElements(table, bridgeOf(network)));
  return [...bridges, ...(await activeRows(store, true)).flatMap((row) => containerElements(store, row, networks))];
}

/** What has to be in the tables for certain: of bridges that are there, and of containers that run. */
export async function elementsInUse(store: Store): Promise<NftElement[]> {
  const table = tableName(store.marker.id);
  const networks = allNetworks(store).filter(({ driver }) => driver === 'bridge');
  const made = networks.filter(({ bridge }) => existsSync(`/sys/class/net/${bridge}`));
  return [...made.flatMap((network) => bridgeElements(table, bridgeOf(network))), ...(await activeRows(store, false)).flatMap((row) => containerElements(store, row, networks))];
}

/** Containers that run; one that has ended has given its elements back, though its row may not say so yet. */
async function activeRows(store: Store, withStarting: boolean): Promise<ContainerRow[]> {
  const rows = store.db.all<ContainerRow>("SELECT * FROM containers WHERE state IN ('starting', 'running', 'paused')");
  const running = await stillRunning(store, rows);
  return rows.filter(({ id, state }) => running.has(id) || (withStarting && state === 'starting'));
}

/** What a running container has in the tables, by its rows. */
export function containerElements(store: Store, row: ContainerRow, networks = allNetworks(store)): NftElement[] {
  return elementsOf(store, row, attachmentsOf(store, row, networks));
}

export function elementsOf(store: Store, row: ContainerRow, attachments: Attachment[]): NftElement[] {
  return [...addressElements(store, row, attachments), ...attachmentElements(tableName(store.marker.id), attachments)];
}

/** Those of addresses and ports, which others have when this container has them no more. */
export function addressElements(store: Store, row: ContainerRow, attachments: Attachment[]): NftElement[] {
  const table = tableName(store.marker.id);
  const { egress } = networkingOf(specOf(row));
  return [...egressElements(table, egress, attachments), ...publishedPorts(store.db, row.id, attachments).map((port) => portElement(table, port))];
}

/** The networks a running container is in, eth0's first. */
export function attachmentsOf(store: Store, row: ContainerRow, networks = allNetworks(store)): Attachment[] {
  const { endpoints } = networkingOf(specOf(row));
  return store.db.guard(() => addressesOf(store.db.raw, row.id)).flatMap(({ network: name, ip, interface: index }) => {
    const network = networks.find((each) => each.name === name);
    if (network === undefined) return [];
    return [toAttachment(store, row.id, network, endpoints.find((each) => each.network === name) ?? normaliseEndpoint({ network: name }), ip, index)];
  });
}

function toAttachment(store: Store, id: string, network: Network, endpoint: Attachment['endpoint'], ip: string, index: number): Attachment {
  const ip6 = addressOf6(store.db, id, network.name) ?? '';
  return { network, endpoint, index, ip, ip6, mac: macOf(endpoint, ip), veth: vethName(id, index) };
}

/** Bridges and tables of a store that is going away. */
export async function removeNetworks(marker: Store['marker'], networks: { id: string; driver: string }[]): Promise<void> {
  for (const { id, driver } of networks) if (driver === 'bridge') await removeBridge(userBridge(id));
  await removeBridge(predefinedNetwork({ marker }, 'bridge').bridge);
  await removeTables(tableName(marker.id));
}
