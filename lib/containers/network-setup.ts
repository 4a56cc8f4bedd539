// SPDX-License-Identifier: Apache-2.0
import * as net from '../binding/net';
import type { NetworkOrders } from '../binding/network-orders';
import type { NftElement } from '../binding/types';
import { DockerliteError } from '../errors';
import { attach, type Attachment, attachmentElements, defaultRouteOf } from '../network/attachment';
import { bridgeOf, ensureBridge } from '../network/bridge';
import { bridgeElements } from '../network/elements';
import { formatIpv4 } from '../network/ipv4';
import { linkOrders } from '../network/link-orders';
import { type Connection, lxcNetwork } from '../network/lxc-net';
import { nameFiles, type NameOptions } from '../network/names';
import { claimPorts, PortTaken, publishedPorts } from '../network/ports';
import { networkByName } from '../network/record';
import { tableName } from '../network/rules';
import { addElements, inParts, removeElements } from '../network/tables';
import type { Store } from '../store/store';
import { networkingOf, sharedNetworkOf } from './networking';
import { resolverOf } from './name-orders';
import { addressElements, elementsOf, tablesOf } from './network-state';
import { type ContainerRow, containerById } from './record';
import { settleRow } from './settle';
import type { ContainerSpec } from './spec';

/** What liblxc and the supervisor are told. */
export interface NetworkPlan {
  lxc: string[];
  /** Content of what is mounted under the container's /etc, by path. */
  files: Record<string, string>;
  orders: NetworkOrders;
  /** Takes back what was prepared in the kernel, for a start that failed. */
  undo(): Promise<void>;
}

const NO_ORDERS: NetworkOrders = { atExit: [], afterExit: [], ports: [], links: [] };

/** Addresses, bridges, rules and the three files under /etc. @throws E_NO_ADDRESS, E_CONFLICT, E_NO_SUCH_NETWORK */
export async function prepareNetwork(store: Store, row: ContainerRow, spec: ContainerSpec): Promise<NetworkPlan> {
  const connection = await connect(store, row, spec);
  if (connection.mode !== 'bridge') {
    const files = connection.mode === 'container' ? {} : nameFilesOf(store, row.id, spec, []);
    return { lxc: lxcNetwork(connection), files, orders: NO_ORDERS, undo: async () => undefined };
  }
  const { attachments } = connection;
  const tables = tablesOf(store);
  const elements = elementsOf(store, row, attachments);
  for (const { network } of attachments) await ensureBridge(tables, bridgeOf(network));
  // The bridges' elements are there already: asking for them as well shows that both tables are.
  const bridges = attachments.flatMap(({ network }) => bridgeElements(tables.name, bridgeOf(network)));
  await addElements(tables, [...bridges, ...elements]);
  const files = nameFilesOf(store, row.id, spec, attachments);
  return { lxc: lxcNetwork(connection), files, orders: networkOrders(store, row, attachments), undo: () => removeElements(elements) };
}

/** What the supervisor does at the start, and when it ends. */
export function networkOrders(store: Store, row: ContainerRow, attachments: Attachment[]): NetworkOrders {
  const ports = publishedPorts(store.db, row.id, attachments);
  const deletion = (elements: NftElement[]) => inParts(elements).map((part) => net.encodeElements('delete', part));
  // An address or a port may be another container's at once; the name of a link is the container's own.
  const atExit = deletion(addressElements(store, row, attachments));
  const afterExit = deletion(attachmentElements(tableName(store.marker.id), attachments));
  return { atExit, afterExit, ports, links: linkOrders(attachments), ...resolverOf(store, row, attachments) };
}

async function connect(store: Store, row: ContainerRow, spec: ContainerSpec): Promise<Connection> {
  try {
    return claim(store, row, spec);
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    const holder = containerById(store, error.holder);
    if (holder !== undefined) await settleRow(store, holder);
  }
  try {
    return claim(store, row, spec);
  } catch (error) {
    throw error instanceof PortTaken ? portsRefused(row, error.message, error) : error;
  }
}

/** In Docker's words. */
export function portsRefused(row: ContainerRow, reason: string, cause: unknown): DockerliteError {
  return new DockerliteError('E_ADDRESS_IN_USE', `driver failed programming external connectivity on endpoint ${row.name} (${row.id}): ${reason}`, { cause });
}

/** Addresses and ports, in one transaction. @throws PortTaken */
function claim(store: Store, row: ContainerRow, spec: ContainerSpec): Connection {
  if (sharedNetworkOf(spec.network) !== undefined) return { mode: 'container' };
  if (spec.network === 'none' || spec.network === 'host') return { mode: spec.network };
  const { endpoints, publish = [] } = networkingOf(spec);
  const attachments = store.db.transaction(() => {
    const all = endpoints.map((endpoint, i) => attach(store.db, networkByName(store, endpoint.network), endpoint, row.id, i));
    if (publish.length > 0) claimPorts(store.db, row.id, publish, all);
    return all;
  });
  // Disconnected from all of them.
  return attachments.length === 0 ? { mode: 'none' } : { mode: 'bridge', attachments };
}

/** What is mounted under the container's /etc, by path. */
export function nameFilesOf(store: Store, id: string, spec: ContainerSpec, attachments: Attachment[]): Record<string, string> {
  const names = nameFiles(nameOptions(spec, attachments));
  const directory = store.layout.container(id);
  return { [`${directory}/hosts`]: names.hosts, [`${directory}/hostname`]: names.hostname, [`${directory}/resolv.conf`]: names.resolvConf };
}

function nameOptions(spec: ContainerSpec, attachments: Attachment[]): NameOptions {
  const { domainname, dns, dnsSearch, dnsOptions, extraHosts, egress } = networkingOf(spec);
  return {
    ...{ mode: spec.network, hostname: spec.hostname, domainname, dns, dnsSearch, dnsOptions },
    addresses: attachments.flatMap(({ ip, ip6 }) => (ip6 === '' ? [ip] : [ip, ip6])),
    extraHosts: extraHosts.map((entry) => hostEntry(entry, attachments)),
    resolver: attachments.some(({ network }) => !network.predefined) || (egress !== undefined && attachments.length > 0),
  };
}

/** The host is reached by its address on the container's own bridge. */
function hostEntry(entry: string, attachments: Attachment[]): [name: string, address: string] {
  const colon = entry.indexOf(':');
  const [name, address] = [entry.slice(0, colon), entry.slice(colon + 1)];
  if (address !== 'host-gateway') return [name, address];
  const { network } = defaultRouteOf(attachments) ?? attachments[0] ?? {};
  return [name, network === undefined ? '127.0.0.1' : formatIpv4(network.v4!.gateway)];
}
