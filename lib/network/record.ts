// SPDX-License-Identifier: Apache-2.0
import { checkShape, NAME } from '../util/shape';
import { createHash } from 'node:crypto';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { isIdPrefix, onlyMatch, prefixEnd } from '../util/resolve';
import { gatewayOf, parseCidr, parseIpv4, parseSubnet, type Subnet } from './ipv4';
import { parseCidr6, parseIpv6, type Subnet6 } from './ipv6';

/** One subnet of a network as the user gave it, made complete. */
export interface IpamConfig {
  /** CIDR, IPv4 or IPv6. */
  subnet: string;
  /** The bridge's own address in it. */
  gateway: string;
  /** CIDR to take dynamic addresses from, '' for all of the subnet. */
  ipRange: string;
  /** Addresses nobody is given, by what the user calls them. */
  auxAddresses: Record<string, string>;
}

/** What a network's row says, JSON. */
export interface NetworkSpec {
  ipam: IpamConfig[];
  internal: boolean;
  attachable: boolean;
  labels: Record<string, string>;
  options: Record<string, string>;
}

export interface NetworkRow {
  id: string;
  name: string;
  state: 'ready' | 'removing';
  owner: string;
  created: number;
  spec: string;
}

/** Addresses to give out, of one family. */
export interface Pool<Address, Net> {
  subnet: Net;
  gateway: Address;
  range: Net;
  aux: Address[];
}

export type Pool4 = Pool<number, Subnet>;
export type Pool6 = Pool<bigint, Subnet6>;

/** A network, ready to be worked with. */
export interface Network {
  id: string;
  name: string;
  driver: 'bridge' | 'host' | 'null';
  /** Always there; not to be removed. */
  predefined: boolean;
  /** ms since the epoch, 0 for a predefined one. */
  created: number;
  /** Interface name, '' without one. */
  bridge: string;
  /** Of a bridge network. */
  v4?: Pool4;
  v6?: Pool6;
  spec: NetworkSpec;
}

export const PREDEFINED = ['bridge', 'host', 'none'] as const;
const DRIVERS = { bridge: 'bridge', host: 'host', none: 'null' } as const;
const NO_SPEC: NetworkSpec = { ipam: [], internal: false, attachable: false, labels: {}, options: {} };

export function isPredefined(name: string): name is (typeof PREDEFINED)[number] {
  return (PREDEFINED as readonly string[]).includes(name);
}

export function predefinedNetwork({ marker }: Pick<Store, 'marker'>, name: (typeof PREDEFINED)[number]): Network {
  const id = createHash('sha256').update(`${marker.id} ${name}`).digest('hex');
  const network = { id, name, driver: DRIVERS[name], predefined: true, created: 0, bridge: '', spec: NO_SPEC };
  if (name !== 'bridge') return network;
  return { ...network, ...defaultBridge(marker) };
}

function defaultBridge(marker: Store['marker']): Pick<Network, 'bridge' | 'v4' | 'spec'> {
  const subnet = parseSubnet(marker.subnet);
  const v4 = { subnet, gateway: gatewayOf(subnet), range: subnet, aux: [] };
  // Each store has a bridge of its own, named after its id, so that stores on one machine do not meet.
  return { bridge: `dl${marker.id.slice(0, 8)}`, v4, spec: { ...NO_SPEC, ipam: [{ subnet: marker.subnet, gateway: '', ipRange: '', auxAddresses: {} }] } };
}

export function networkOf(row: NetworkRow): Network {
  const spec = JSON.parse(row.spec) as NetworkSpec;
  const v4 = spec.ipam.find(({ subnet }) => !subnet.includes(':'));
  const v6 = spec.ipam.find(({ subnet }) => subnet.includes(':'));
  return {
    ...{ id: row.id, name: row.name, driver: 'bridge', predefined: false, created: row.created, spec },
    bridge: userBridge(row.id),
    ...(v4 && { v4: pool(v4, parseCidr, parseIpv4) }),
    ...(v6 && { v6: pool(v6, parseCidr6, parseIpv6) }),
  };
}

/** Interface name of a network's bridge. */
export function userBridge(id: string): string {
  return `dl-${id.slice(0, 12)}`;
}

function pool<Address, Net>(
  { subnet, gateway, ipRange, auxAddresses }: IpamConfig,
  net: (text: string) => Net | undefined,
  address: (text: string) => Address | undefined,
): Pool<Address, Net> {
  const whole = net(subnet)!;
  return { subnet: whole, gateway: address(gateway)!, range: ipRange === '' ? whole : net(ipRange)!, aux: Object.values(auxAddresses).map((text) => address(text)!) };
}

/** By name. @throws E_NO_SUCH_NETWORK */
export function networkByName(store: Pick<Store, 'db' | 'marker'>, name: string): Network {
  if (isPredefined(name)) return predefinedNetwork(store, name);
  const row = store.db.get<NetworkRow>("SELECT * FROM networks WHERE name = ? AND state = 'ready'", name);
  if (row === undefined) throw noSuchNetwork(name);
  return networkOf(row);
}

/** By full id, name, or unique prefix of the id, in Docker's order. @throws E_NO_SUCH_NETWORK, E_AMBIGUOUS */
export function findNetwork(store: Pick<Store, 'db' | 'marker'>, wanted: string): Network {
  checkShape('network', wanted, NAME);
  const name = wanted === 'default' ? 'bridge' : wanted;
  const predefined = PREDEFINED.map((each) => predefinedNetwork(store, each));
  const exact = predefined.find((network) => network.name === name || network.id === name);
  if (exact !== undefined) return exact;
  const { db } = store;
  const row = db.get<NetworkRow>("SELECT * FROM networks WHERE (id = ? OR name = ?) AND state = 'ready' ORDER BY id <> ?", name, name, name);
  if (row !== undefined) return networkOf(row);
  if (!isIdPrefix(name)) throw noSuchNetwork(wanted);
  const rows = db.all<NetworkRow>("SELECT * FROM networks WHERE id >= ? AND id < ? AND state = 'ready' LIMIT 2", name, prefixEnd(name));
  const matches = [...predefined.filter(({ id }) => id.startsWith(name)), ...rows.map(networkOf)];
  if (matches.length === 0) throw noSuchNetwork(wanted);
  return onlyMatch(matches, wanted, 'E_NO_SUCH_NETWORK', 'network');
}

/** Every network, the predefined ones among them, by name. */
export function allNetworks(store: Pick<Store, 'db' | 'marker'>): Network[] {
  const rows = store.db.all<NetworkRow>("SELECT * FROM networks WHERE state = 'ready'");
  const list = [...PREDEFINED.map((name) => predefinedNetwork(store, name)), ...rows.map(networkOf)];
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function noSuchNetwork(name: string): DockerliteError {
  return new DockerliteError('E_NO_SUCH_NETWORK', `network ${name} not found`);
}
