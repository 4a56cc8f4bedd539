// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import * as net from '../binding/net';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { randomId } from '../util/id';
import { broadcastOf, contains, formatIpv4, formatSubnet, overlaps, parseCidr, parseIpv4, parseSubnet, type Subnet } from './ipv4';
import { contains6, formatIpv6, formatSubnet6, overlaps6, parseCidr6, parseIpv6, type Subnet6 } from './ipv6';
import { allNetworks, type IpamConfig, isPredefined, type Network, networkByName, type NetworkSpec } from './record';
import { postNetworkEvent } from './network-events';
import { settleNetworks } from './remove';
import { pickFree } from './subnet';

export interface NetworkOptions {
  name: string;
  /** Only "bridge". */
  driver?: string;
  /** At most one of each family; default a free IPv4 subnet. */
  ipam?: Partial<IpamConfig>[];
  /** No way out of it, and none in. */
  internal?: boolean;
  /** With IPv6: a subnet of fd00::/8 unless `ipam` has one. */
  ipv6?: boolean;
  /** Kept and shown; means nothing here. */
  attachable?: boolean;
  labels?: Record<string, string>;
  options?: Record<string, string>;
}

/**
 * A row, no more: the bridge is made by the first container that needs it.
 * @throws E_INVALID, E_NAME_IN_USE, E_CONFLICT (the subnet is in use)
 */
export async function createNetwork(store: Store, options: NetworkOptions): Promise<Network> {
  const name = checkNetworkName(options.name);
  checkDriver(options.driver ?? 'bridge');
  await settleNetworks(store);
  const id = randomId();
  const used = (await net.usedSubnets()).map(parseCidr).filter((subnet) => subnet !== undefined);
  const asked = (options.ipam ?? []).map(completeConfig);
  return store.db.transaction(() => {
    if (store.db.get('SELECT 1 FROM networks WHERE name = ?', name) !== undefined) {
      throw new DockerliteError('E_NAME_IN_USE', `network with name ${name} already exists`);
    }
    const ipam = chooseSubnets(store, id, asked, used, options.ipv6 === true);
    const { internal = false, attachable = false, labels = {} } = options;
    const spec: NetworkSpec = { ipam, internal, attachable, labels, options: checkOptions(options.options ?? {}) };
    store.db.run("INSERT INTO networks (id, name, state, owner, created, spec) VALUES (?, ?, 'ready', '', ?, ?)", id, name, Date.now(), JSON.stringify(spec));
    const network = networkByName(store, name);
    postNetworkEvent(store, network, 'create');
    return network;
  });
}

/** @throws E_INVALID */
function checkNetworkName(name: string): string {
  if (isPredefined(name)) throw new DockerliteError('E_INVALID', `operation is not permitted on predefined ${name} network`);
  if (name !== 'default' && /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) return name;
  throw new DockerliteError('E_INVALID', `invalid network name: ${JSON.stringify(name.slice(0, 140))}, only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

function checkDriver(driver: string): void {
  if (driver === 'bridge') return;
  if (driver === 'host' || driver === 'null') throw new DockerliteError('E_INVALID', `only one instance of "${driver}" network is allowed`);
  throw new DockerliteError('E_INVALID', `could not find a network driver named ${JSON.stringify(driver)}: plugin not found`, { hint: 'there is only "bridge"' });
}

const MTU = 'com.docker.network.driver.mtu';
/** What a bridge here does always: asking for something else and getting this would be worse than a refusal. */
const ALWAYS = ['com.docker.network.bridge.enable_icc', 'com.docker.network.bridge.enable_ip_masquerade'];

function checkOptions(options: Record<string, string>): Record<string, string> {
  const unread = (key: string, how: string) => new DockerliteError('E_INVALID', `failed to parse ${key} value: ${options[key]} (${how}: parsing ${JSON.stringify(options[key])}: invalid syntax)`);
  const mtu = options[MTU];
  if (mtu !== undefined && !/^[+-]?\d+$/.test(mtu)) throw unread(MTU, 'strconv.Atoi');
  if (mtu !== undefined && !(Number(mtu) >= 68 && Number(mtu) <= 65535)) throw new DockerliteError('E_INVALID', `invalid MTU: ${mtu}`);
  for (const key of ALWAYS) {
    const value = options[key];
    if (value === undefined || /^(1|t|T|TRUE|true|True)$/.test(value)) continue;
    if (!/^(0|f|F|FALSE|false|False)$/.test(value)) throw unread(key, 'strconv.ParseBool');
    throw new DockerliteError('E_UNSUPPORTED', `${key}=${value} is not supported`);
  }
  return options;
}

function completeConfig(config: Partial<IpamConfig>): IpamConfig {
  const { subnet, gateway = '', ipRange = '', auxAddresses = {} } = config;
  if (subnet === undefined || subnet === '') throw new DockerliteError('E_INVALID', 'every ip-range or gateway must have a corresponding subnet');
  const complete = { subnet, gateway, ipRange, auxAddresses };
  return subnet.includes(':') ? complete6(complete) : complete4(complete);
}

function complete4(config: IpamConfig): IpamConfig {
  const subnet = wholeSubnet(config.subnet);
  const inside = (text: string, what: string) => {
    const address = parseIpv4(text);
    const usable = address !== undefined && contains(subnet, address) && address !== subnet.network && address !== broadcastOf(subnet);
    if (!usable) throw outside(what, text, config.subnet);
    return address;
  };
  const range = config.ipRange === '' ? subnet : parseCidr(config.ipRange);
  if (range === undefined || !contains(subnet, range.network) || range.prefix < subnet.prefix) throw outside('ip-range', config.ipRange, config.subnet);
  for (const aux of Object.values(config.auxAddresses)) inside(aux, 'auxiliary address');
  const first = range.network === subnet.network ? subnet.network + 1 : range.network;
  const gateway = config.gateway === '' ? formatIpv4(first) : config.gateway;
  inside(gateway, 'gateway');
  refuseTaken(config.auxAddresses, gateway, parseIpv4);
  return { ...config, subnet: formatSubnet(subnet), gateway, ipRange: config.ipRange === '' ? '' : formatSubnet(range) };
}

/** In Docker's words where the bits after the prefix are not zero. */
function wholeSubnet(text: string): Subnet {
  const whole = parseCidr(text);
  if (whole !== undefined && formatSubnet(whole) !== text) throw new DockerliteError('E_INVALID', `invalid network config:\ninvalid subnet ${text}: it should be ${formatSubnet(whole)}`);
  if (whole === undefined) throw new DockerliteError('E_INVALID', `invalid network config:\ninvalid subnet ${text}: invalid CIDR address: ${text}`);
  return parseSubnet(text);
}

function complete6(config: IpamConfig): IpamConfig {
  const subnet = parseCidr6(config.subnet);
  if (subnet === undefined) throw new DockerliteError('E_INVALID', `invalid network config:\ninvalid subnet ${config.subnet}: invalid CIDR address: ${config.subnet}`);
  const [address = ''] = config.subnet.split('/');
  if (parseIpv6(address) !== subnet.network) throw new DockerliteError('E_INVALID', `invalid network config:\ninvalid subnet ${config.subnet}: it should be ${formatSubnet6(subnet)}`);
  if (subnet.prefix < 16 || subnet.prefix > 120) throw new DockerliteError('E_INVALID', `invalid subnet ${config.subnet}: expected a prefix of 16 to 120`);
  const inside = (text: string, what: string) => {
    const parsed = parseIpv6(text);
    if (parsed === undefined || !contains6(subnet, parsed) || parsed === subnet.network) throw outside(what, text, config.subnet);
  };
  const range = config.ipRange === '' ? subnet : parseCidr6(config.ipRange);
  if (range === undefined || !contains6(subnet, range.network) || range.prefix < subnet.prefix) throw outside('ip-range', config.ipRange, config.subnet);
  for (const aux of Object.values(config.auxAddresses)) inside(aux, 'auxiliary address');
  const gateway = config.gateway === '' ? formatIpv6(subnet.network + 1n) : config.gateway;
  inside(gateway, 'gateway');
  refuseTaken(config.auxAddresses, gateway, parseIpv6);
  return { ...config, subnet: formatSubnet6(subnet), gateway, ipRange: config.ipRange === '' ? '' : formatSubnet6(range) };
}

function refuseTaken<Address>(aux: Record<string, string>, gateway: string, parse: (text: string) => Address): void {
  const taken = [parse(gateway)];
  for (const [name, text] of Object.entries(aux)) {
    const address = parse(text);
    if (taken.includes(address)) throw new DockerliteError('E_INVALID', `failed to allocate secondary ip address (${name}:${text}): Address already in use`);
    taken.push(address);
  }
}

function outside(what: string, value: string, subnet: string): DockerliteError {
  return new DockerliteError('E_INVALID', `invalid network config:\ninvalid ${what} ${value}: it does not belong to subnet ${subnet}`);
}

/** What was asked for, and a free subnet of each family that is missing; within the transaction that takes them. */
function chooseSubnets(store: Store, id: string, asked: IpamConfig[], machine: Subnet[], ipv6: boolean): IpamConfig[] {
  const networks = allNetworks(store);
  const taken4 = networks.flatMap(({ v4 }) => (v4 ? [v4.subnet] : []));
  const taken6 = networks.flatMap(({ v6 }) => (v6 ? [v6.subnet] : []));
  const v4 = asked.filter(({ subnet }) => !subnet.includes(':'));
  const v6 = asked.filter(({ subnet }) => subnet.includes(':'));
  if (v4.length > 1 || v6.length > 1) throw new DockerliteError('E_INVALID', "bridge driver doesn't support multiple subnets");
  for (const { subnet } of v4) refuseOverlap(subnet, [...taken4, ...machine], parseCidr(subnet)!, overlaps, formatSubnet);
  for (const { subnet } of v6) refuseOverlap(subnet, taken6, parseCidr6(subnet)!, overlaps6, formatSubnet6);
  if (v4.length === 0) v4.push(completeConfig({ subnet: freeSubnet(id, [...taken4, ...machine]) }));
  if (v6.length === 0 && ipv6) v6.push(completeConfig({ subnet: uniqueLocal(store, id) }));
  return [...v4, ...v6];
}

function refuseOverlap<Net extends Subnet | Subnet6>(text: string, taken: Net[], wanted: Net, overlap: (a: Net, b: Net) => boolean, format: (net: Net) => string): void {
  const other = taken.find((each) => overlap(each, wanted));
  if (other === undefined) return;
  throw new DockerliteError('E_CONFLICT', 'invalid pool request: Pool overlaps with other one on this address space', { hint: `${text} overlaps ${format(other)}` });
}

function freeSubnet(id: string, taken: Subnet[]): string {
  try {
    return formatSubnet(pickFree(taken, Number.parseInt(id.slice(0, 2), 16) % 128));
  } catch (cause) {
    throw new DockerliteError('E_CONFLICT', 'all predefined address pools have been fully subnetted', { hint: 'give a subnet with --subnet', cause });
  }
}

/** RFC 4193: a /64 of its own, different on every machine. */
function uniqueLocal(store: Store, id: string): string {
  const digest = createHash('sha256').update(`${store.marker.id} ${id}`).digest('hex');
  const [a, b, c, d] = ['fd', ...(digest.slice(0, 14).match(/../g) as string[])].join('').match(/..../g) as string[];
  return formatSubnet6(parseCidr6(`${a}:${b}:${c}:${d}::/64`)!);
}
