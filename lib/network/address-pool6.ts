// SPDX-License-Identifier: Apache-2.0
import { DockerliteError, invalid } from '../errors';
import type { StateDatabase } from '../store/database';
import { bytesOfIpv6, contains6, formatIpv6, formatSubnet6, parseIpv6, sizeOf6 } from './ipv6';
import type { Pool6 } from './record';

/** How many taken addresses are passed before a pool counts as full: more than a bridge has ports. */
const PATIENCE = 2048;

/**
 * The container's IPv6 address in a network; part of the caller's IMMEDIATE transaction. A dynamic one has the place in its
 * range that the container's IPv4 address has in its subnet (`place`), which nobody else has; so nothing is to be kept
 * about what was given out before.
 *
 * @throws E_INVALID, E_ADDRESS_IN_USE, E_NO_ADDRESS
 */
export function allocateAddress6(db: StateDatabase, pool: Pool6 & { network: string }, containerId: string, place: number, wanted?: string): string {
  const present = addressOf6(db, containerId, pool.network);
  const address = wanted === undefined ? undefined : checkWanted(pool, wanted);
  if (present !== undefined && (address === undefined || present === formatIpv6(address))) return present;
  if (address !== undefined && isTaken(db, address)) throw new DockerliteError('E_ADDRESS_IN_USE', `IP address ${formatIpv6(address)} is already in use`);
  const taken = address ?? findFree(db, pool, place);
  const values = [key(taken), pool.network, containerId, address === undefined ? 0 : 1];
  db.run('INSERT OR REPLACE INTO addresses6 (ip, network, container_id, fixed) VALUES (?, ?, ?, ?)', ...values);
  return formatIpv6(taken);
}

export function addressOf6(db: StateDatabase, containerId: string, network: string): string | undefined {
  const row = db.get<{ ip: string }>('SELECT ip FROM addresses6 WHERE container_id = ? AND network = ?', containerId, network);
  return row === undefined ? undefined : formatIpv6(BigInt(`0x${row.ip}`));
}

/** Gives the container's addresses back; with `keepFixed` only those that were not asked for. */
export function releaseAddress6(db: StateDatabase, containerId: string, options: { keepFixed?: boolean } = {}): void {
  db.run(options.keepFixed === true ? 'DELETE FROM addresses6 WHERE container_id = ? AND fixed = 0' : 'DELETE FROM addresses6 WHERE container_id = ?', containerId);
}

/** Gives back the one it has in this network. */
export function leaveNetwork6(db: StateDatabase, containerId: string, network: string): void {
  db.run('DELETE FROM addresses6 WHERE container_id = ? AND network = ?', containerId, network);
}

function findFree(db: StateDatabase, pool: Pool6 & { network: string }, place: number): bigint {
  const size = sizeOf6(pool.range.prefix);
  for (let i = 0n; i < PATIENCE && i < size; i++) {
    const address = pool.range.network + ((BigInt(place) + i) % size);
    if (reservedAs(pool, address) === undefined && !isTaken(db, address)) return address;
  }
  throw new DockerliteError('E_NO_ADDRESS', `no available IPv6 addresses on this network's address pools: ${pool.network}`, { hint: 'make a network with a wider range' });
}

function checkWanted(pool: Pool6, wanted: string): bigint {
  const address = parseIpv6(wanted);
  if (address === undefined) throw invalid('IPv6 address', 'an address such as fd00::9', wanted);
  const subnet = formatSubnet6(pool.subnet);
  if (!contains6(pool.subnet, address)) throw new DockerliteError('E_INVALID', `no configured subnet contains IP address ${wanted}`, { hint: `choose one in ${subnet}` });
  const role = reservedAs(pool, address);
  if (role !== undefined) throw new DockerliteError('E_INVALID', `IP address ${wanted} is the ${role} of ${subnet}`);
  return address;
}

function reservedAs({ subnet, gateway, aux }: Pool6, address: bigint): string | undefined {
  if (address === subnet.network) return 'subnet-router anycast address';
  if (address === gateway) return 'gateway';
  if (aux.includes(address)) return 'auxiliary address';
  return undefined;
}

function isTaken(db: StateDatabase, address: bigint): boolean {
  return db.get('SELECT 1 FROM addresses6 WHERE ip = ?', key(address)) !== undefined;
}

function key(address: bigint): string {
  return bytesOfIpv6(address).toString('hex');
}
