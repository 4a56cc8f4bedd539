// SPDX-License-Identifier: Apache-2.0
import type { Field } from './frames';

/** What a supervisor does about its container's networks, see docs/architecture.md. In START and NETWORK frames. */
export interface NetworkOrders {
  /** Transactions of nftables to send when the container has ended, as encodeElements() makes them: before anybody hears of the end. */
  atExit: Buffer[];
  /** The same, for what only this container can be meant by: nobody has to wait for these. */
  afterExit: Buffer[];
  /** Ports of the host to keep for it. */
  ports: { proto: string; hostIp: string; hostPort: number }[];
  /** Its interfaces; none where they are another container's. */
  links: LinkOrders[];
  /** Names of containers, on user-defined networks; of anything, under an egress policy. */
  resolver?: ResolverOrders;
  egress?: EgressOrders;
}

/** A veth pair: `host` on the bridge, `name` in the container. Addresses are CIDR, gateways those of default routes. */
export interface LinkOrders {
  bridge: string;
  host: string;
  name: string;
  mac: string;
  addresses: string[];
  gateways: string[];
}

/** What the supervisor does about an egress policy: the names that may be asked for, and which sets the answers go into. */
export interface EgressOrders {
  names: { name: string; port: number }[];
  outside: EgressSets[];
  containers: EgressSets[];
  /** `any` counts, `withPort` holds what was refused. */
  refused: EgressSets[];
}

/** Sets a packet from `source` is looked up in: with its destination, and with that and the port. */
export interface EgressSets {
  family: 'inet' | 'bridge';
  table: string;
  any: string;
  withPort: string;
  source: string;
}

export interface ResolverOrders {
  /** Where the store's containers keep their names. */
  directory: string;
  memberships: { network: string; domain: string; addresses: string[]; names: string[] }[];
  /** Empty: the host's. */
  servers: string[];
  links: { alias: string; target: string }[];
  /** Are other servers asked for what no container is called? */
  outward: boolean;
}

export function networkFields({ atExit, afterExit, ports, links, resolver, egress }: NetworkOrders): Field[] {
  return [
    ...atExit.map((batch): Field => [70, batch]),
    ...afterExit.map((batch): Field => [79, batch]),
    ...ports.map(({ proto, hostIp, hostPort }): Field => [71, `${proto} ${hostIp} ${hostPort}`]),
    ...links.map(({ bridge, host, name, mac, addresses, gateways }): Field => [72, [bridge, host, name, mac, addresses, gateways].join(' ').trimEnd()]),
    ...(resolver === undefined ? [] : resolverFields(resolver)),
    ...(egress === undefined ? [] : egressFields(egress)),
  ];
}

function egressFields({ names, outside, containers, refused }: EgressOrders): Field[] {
  const sets = (tag: number, list: EgressSets[]) => list.map(({ family, table, any, withPort, source }): Field => [tag, `${family} ${table} ${any} ${withPort} ${source}`]);
  return [...names.map(({ name, port }): Field => [78, `${name} ${port}`]), ...sets(80, outside), ...sets(81, containers), ...sets(82, refused)];
}

function resolverFields({ directory, memberships, servers, links, outward }: ResolverOrders): Field[] {
  return [
    ...memberships.map(({ network, domain, addresses, names }): Field => [73, `${network} ${domain} ${addresses.join()} ${names.join()}`]),
    [74, directory],
    ...servers.map((server): Field => [75, server]),
    ...links.map(({ alias, target }): Field => [76, `${alias} ${target}`]),
    ...(outward ? [] : [[77, ''] as const]),
  ];
}
