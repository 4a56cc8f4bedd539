// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import * as net from '../binding/net';
import { DockerliteError } from '../errors';
import { bridgeElements } from './elements';
import { formatIpv4, formatSubnet, overlaps, parseCidr, sizeOf, type Subnet } from './ipv4';
import { formatIpv6, type Subnet6 } from './ipv6';
import type { Network } from './record';
import { addElements, hasTables, installTables, type Tables } from './tables';

/** A bridge of a store. */
export interface BridgeConfig {
  /** Interface name, at most 15 bytes. */
  name: string;
  subnet: Subnet;
  gateway: number;
  v6?: { subnet: Subnet6; gateway: bigint };
  /** No way out. */
  internal: boolean;
  /** Bytes, the kernel's default when absent. */
  mtu?: number;
}

const ENODEV = 19;
const ENOENT = 2;

/** Of a network whose driver is bridge. */
export function bridgeOf(network: Network): BridgeConfig {
  const { subnet, gateway } = network.v4!;
  const mtu = Number(network.spec.options['com.docker.network.driver.mtu'] ?? 0);
  return { name: network.bridge, subnet, gateway, ...(network.v6 && { v6: network.v6 }), internal: network.spec.internal, ...(mtu > 0 && { mtu }) };
}

/**
 * Makes the bridge exist; any number of processes may do so at once. Cheap when it does: the kernel's route to the subnet
 * through the bridge shows that it exists, has its address and is up. Its elements come before it: nothing is ever sent
 * through a bridge that the rules do not know. Whether the rules are there shows when elements are added to them, which
 * each start does; who adds none asks for `rules`.
 *
 * @throws E_CONFLICT (another interface has the subnet), E_PERMISSION, E_SYSTEM
 */
export async function ensureBridge(tables: Tables, config: BridgeConfig, options: { rules?: boolean } = {}): Promise<void> {
  const routed = hasRoute(readRoutes(), config);
  if (options.rules === true && !(await hasTables(tables.name))) {
    if (!routed) await refuseOverlap(config);
    await installTables(tables);
    await net.sysctl('net.ipv4.ip_forward', '1');
  }
  if (routed) return;
  await refuseOverlap(config);
  await net.sysctl('net.ipv4.ip_forward', '1');
  if (config.v6 !== undefined) await net.sysctl('net.ipv6.conf.all.forwarding', '1');
  await addElements(tables, bridgeElements(tables.name, config));
  await net.ensureBridge({ name: config.name, addresses: addressesOf(config), ...(config.mtu && { mtu: config.mtu }) });
  // From 127.0.0.1 to a published port; what comes from the bridge to 127.0.0.0/8 is dropped (rules.ts).
  await net.sysctl(`net/ipv4/conf/${config.name}/route_localnet`, '1');
}

function addressesOf({ subnet, gateway, v6 }: BridgeConfig): string[] {
  return [`${formatIpv4(gateway)}/${subnet.prefix}`, ...(v6 ? [`${formatIpv6(v6.gateway)}/${v6.subnet.prefix}`] : [])];
}

/** Fine when it is not there. Its elements stay as long as nobody removes them: they name an interface, no more. */
export async function removeBridge(name: string): Promise<void> {
  await net.deleteLink(name).catch(ignore(ENODEV));
}

function ignore(errno: number): (error: unknown) => void {
  return (error) => {
    if ((error as DockerliteError).errno !== errno) throw error;
  };
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).errno === -ENOENT) return '';
    throw error;
  }
}

/** Is the subnet routed to the bridge, by a table in the format of /proc/net/route? Reading that takes no lock of the kernel's. */
export function hasRoute(routes: string, config: BridgeConfig): boolean {
  const mask = 2 ** 32 - sizeOf(config.subnet.prefix);
  return routes.split('\n').some((line) => {
    const [name, destination, gateway, , , , , netmask] = line.split('\t');
    return name === config.name && destination === hex(config.subnet.network) && Number(gateway) === 0 && netmask === hex(mask);
  });
}

/** As /proc/net/route prints a network-order word: host byte order. */
function hex(address: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  if (endianness() === 'LE') bytes.reverse();
  return bytes.toString('hex').toUpperCase();
}

async function refuseOverlap(config: BridgeConfig): Promise<void> {
  for (const link of await net.links()) {
    if (link.name === config.name) continue;
    const taken = link.addresses.find((cidr) => {
      const subnet = parseCidr(cidr);
      return subnet !== undefined && overlaps(subnet, config.subnet);
    });
    if (taken === undefined) continue;
    throw new DockerliteError('E_CONFLICT', `the interface ${link.name} (${taken}) lies in the subnet ${formatSubnet(config.subnet)} of ${config.name}`, {
      hint: 'take the other network down, or use another subnet',
    });
  }
}
