// SPDX-License-Identifier: Apache-2.0
import { readdirSync, rmSync } from 'node:fs';
import type { NetworkOrders } from '../binding/network-orders';
import { type Attachment, defaultRouteOf } from '../network/attachment';
import { egressOrders } from '../network/egress-elements';
import { tableName } from '../network/rules';
import type { Store } from '../store/store';
import { shortId } from '../util/id';
import { networkingOf } from './networking';
import { type ContainerRow, specOf } from './record';

/** What the supervisor of a container on user-defined networks answers for, and is found by; and what it asks others under an egress policy. */
export function resolverOf(store: Store, row: ContainerRow, attachments: Attachment[]): Pick<NetworkOrders, 'resolver' | 'egress'> {
  const own = attachments.filter(({ network }) => !network.predefined);
  const { egress: targets, dns } = networkingOf(specOf(row));
  const egress = egressOrders(tableName(store.marker.id), targets, attachments);
  if (own.length === 0 && egress === undefined) return {};
  const memberships = own.map(({ network, endpoint, ip, ip6 }) => ({
    ...{ network: network.id, domain: network.name.toLowerCase() },
    addresses: ip6 === '' ? [ip] : [ip, ip6],
    names: [...new Set([row.name, ...endpoint.aliases, shortId(row.id)].map((name) => name.toLowerCase()))],
  }));
  const links = own.flatMap(({ endpoint }) => endpoint.links.map((link) => ({ alias: link.split(':')[1]!.toLowerCase(), target: link.split(':')[0]!.toLowerCase() })));
  const outward = defaultRouteOf(attachments) !== undefined;
  return { resolver: { directory: store.layout.names, memberships, links, servers: dns, outward }, ...(egress && { egress }) };
}

/** What a killed supervisor has left under the names of its container. */
export function forgetNames(store: Store, row: ContainerRow, attachments: Attachment[]): void {
  for (const { network, ip, ip6 } of attachments) {
    const directory = `${store.layout.names}/${network.id}`;
    for (const name of list(`${directory}/n`)) rmSync(`${directory}/n/${name}/${row.id}`, { force: true });
    for (const address of [ip, ip6]) if (address !== '') rmSync(`${directory}/p/${address}`, { force: true });
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
