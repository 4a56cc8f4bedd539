// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import * as net from '../binding/net';
import type { NetworkOrders } from '../binding/network-orders';
import { attach, type Attachment, attachmentElements, defaultRouteOf } from '../network/attachment';
import { bridgeOf, ensureBridge } from '../network/bridge';
import { formatIpv4 } from '../network/ipv4';
import { formatIpv6 } from '../network/ipv6';
import { type Connection, lxcNetwork } from '../network/lxc-net';
import { nameFiles, type NameOptions } from '../network/names';
import { networkByName } from '../network/record';
import { addElements, removeElements } from '../network/tables';
import type { Store } from '../store/store';
import { networkingOf, sharedNetworkOf } from './networking';
import { tablesOf } from './network-state';
import type { ContainerRow } from './record';
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

const NO_ORDERS: NetworkOrders = { atExit: [], ports: [], addresses6: [] };

/** Addresses, bridges, rules and the three files under /etc. @throws E_NO_ADDRESS, E_CONFLICT, E_NO_SUCH_NETWORK */
export async function prepareNetwork(store: Store, row: ContainerRow, spec: ContainerSpec): Promise<NetworkPlan> {
  const connection = connect(store, row, spec);
  if (connection.mode !== 'bridge') {
    const files = connection.mode === 'container' ? {} : nameFilesOf(store, row.id, spec, []);
    return { lxc: lxcNetwork(connection), files, orders: NO_ORDERS, undo: async () => undefined };
  }
  const { attachments } = connection;
  const tables = tablesOf(store);
  const elements = attachmentElements(tables.name, attachments);
  for (const { network } of attachments) await ensureBridge(tables, bridgeOf(network));
  await addElements(tables, elements);
  for (const { veth } of attachments) await removeLeftover(veth);
  const files = nameFilesOf(store, row.id, spec, attachments);
  return { lxc: lxcNetwork(connection), files, orders: networkOrders(store, row, attachments), undo: () => removeElements(elements) };
}

/** Links of the last run go with its namespace, which the kernel takes apart some time after the last process. */
async function removeLeftover(veth: string): Promise<void> {
  if (existsSync(`/sys/class/net/${veth}`)) await net.deleteLink(veth).catch(() => undefined);
}

/** What the supervisor does at the start, and when it ends. */
export function networkOrders(store: Store, _row: ContainerRow, attachments: Attachment[]): NetworkOrders {
  const elements = attachmentElements(tablesOf(store).name, attachments);
  return { ...NO_ORDERS, atExit: [net.encodeElements('delete', elements)], addresses6: addresses6(attachments) };
}

function connect(store: Store, row: ContainerRow, spec: ContainerSpec): Connection {
  if (sharedNetworkOf(spec.network) !== undefined) return { mode: 'container' };
  if (spec.network === 'none' || spec.network === 'host') return { mode: spec.network };
  const { endpoints } = networkingOf(spec);
  const attachments = store.db.transaction(() => endpoints.map((endpoint, i) => attach(store.db, networkByName(store, endpoint.network), endpoint, row.id, i)));
  // Disconnected from all of them.
  return attachments.length === 0 ? { mode: 'none' } : { mode: 'bridge', attachments };
}

function addresses6(attachments: Attachment[]): NetworkOrders['addresses6'] {
  const outward = defaultRouteOf(attachments.filter(({ ip6 }) => ip6 !== ''));
  return attachments
    .filter(({ ip6 }) => ip6 !== '')
    .map((attachment) => {
      const { subnet, gateway } = attachment.network.v6!;
      return { name: `eth${attachment.index}`, address: `${attachment.ip6}/${subnet.prefix}`, gateway: attachment === outward ? formatIpv6(gateway) : '' };
    });
}

/** What is mounted under the container's /etc, by path. */
export function nameFilesOf(store: Store, id: string, spec: ContainerSpec, attachments: Attachment[]): Record<string, string> {
  const names = nameFiles(nameOptions(spec, attachments));
  const directory = store.layout.container(id);
  return { [`${directory}/hosts`]: names.hosts, [`${directory}/hostname`]: names.hostname, [`${directory}/resolv.conf`]: names.resolvConf };
}

function nameOptions(spec: ContainerSpec, attachments: Attachment[]): NameOptions {
  const { domainname, dns, dnsSearch, dnsOptions, extraHosts } = networkingOf(spec);
  return {
    ...{ mode: spec.network, hostname: spec.hostname, domainname, dns, dnsSearch, dnsOptions },
    addresses: attachments.flatMap(({ ip, ip6 }) => (ip6 === '' ? [ip] : [ip, ip6])),
    extraHosts: extraHosts.map((entry) => hostEntry(entry, attachments)),
    resolver: false,
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
