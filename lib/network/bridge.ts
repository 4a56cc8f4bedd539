// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import * as net from '../binding/net';
import { DockerliteError } from '../errors';
import { formatIpv4, formatSubnet, gatewayOf, overlaps, parseCidr, parseSubnet, sizeOf, type Subnet } from './ipv4';
import { bridgeRules, tableName } from './rules';

/** A store's default bridge. */
export interface BridgeConfig {
  /** Interface name, at most 15 bytes. */
  name: string;
  subnet: Subnet;
}

const ENODEV = 19;
const ENOENT = 2;

/** Each store has a bridge of its own, named after its id, so that stores on one machine do not meet. */
export function bridgeConfig(store: { id: string; subnet: string }): BridgeConfig {
  return { name: `dl${store.id.slice(0, 8)}`, subnet: parseSubnet(store.subnet) };
}

/**
 * Makes the bridge and its rules exist; any number of processes may do so at once. Cheap when they do: the kernel's route to
 * the subnet through the bridge shows that it exists, has its address and is up, and the table, asked for in one
 * request, that the rules are there. The table is written in one transaction and after ip_forward, so its presence stands
 * for both; and it is looked for each time because restarting the host's firewall flushes all tables while bridges stay.
 * A reboot takes both.
 *
 * @throws E_CONFLICT (another interface has the subnet), E_PERMISSION, E_SYSTEM
 */
export async function ensureBridge(config: BridgeConfig): Promise<void> {
  const routed = hasRoute(readRoutes(), config);
  if (await net.hasTable(tableName(config.name))) {
    if (routed) return;
  } else {
    if (!routed) await refuseOverlap(config);
    await net.sysctl('net.ipv4.ip_forward', '1');
    await net.nft(bridgeRules(config), {});
  }
  const address = `${formatIpv4(gatewayOf(config.subnet))}/${config.subnet.prefix}`;
  await net.ensureBridge({ name: config.name, address });
}

/** Removes the bridge and its table; fine when they are not there. */
export async function removeBridge(config: BridgeConfig): Promise<void> {
  await net.deleteLink(config.name).catch(ignore(ENODEV));
  const table = tableName(config.name);
  // Adding first makes deleting one that is missing no error.
  if (await net.hasTable(table)) await net.nft(`add table ip ${table}\ndelete table ip ${table}\n`, {});
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
    throw new DockerliteError('E_CONFLICT', `the interface ${link.name} (${taken}) lies in this store's subnet ${formatSubnet(config.subnet)}`, {
      hint: 'take the other network down, or make the store with another --subnet',
    });
  }
}
