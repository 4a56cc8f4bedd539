// SPDX-License-Identifier: Apache-2.0
import { DockerliteError, invalid } from '../errors';
import { broadcastOf, contains, formatIpv4, formatSubnet, gatewayOf, parseIpv4, parseSubnet, sizeOf } from './ipv4';
import type { RawDatabase, RawStatement } from '../store/raw-database';
import type { Pool4 } from './record';

/**
 * Who has which address. Each function is one IMMEDIATE transaction, or part of the caller's, which must then be IMMEDIATE
 * itself. A dynamic address comes from beyond `address_cursor`, which only moves up, and once that has reached the end
 * from `address_queue`, where a trigger puts what is given back: every address rests as long as possible before somebody
 * else gets it, and a choice costs a look into two indexes, however many addresses are taken.
 */

/** The IPv4 addresses of one network. */
export interface AddressPool extends Pool4 {
  network: string;
}

/** All of a subnet but its gateway. @throws E_INVALID */
export function wholePool(network: string, cidr: string): AddressPool {
  const subnet = parseSubnet(cidr);
  return { network, subnet, gateway: gatewayOf(subnet), range: subnet, aux: [] };
}

export interface AddressEntry {
  ip: string;
  network: string;
  containerId: string;
  /** Kept while the container is stopped. */
  fixed: boolean;
  /** n of the container's ethn, while it runs. */
  interface: number;
}

interface AddressRow {
  ip: number;
  network: string;
  container_id: string;
  fixed: number;
  interface: number;
}

/** Every statement of the pool; each is a search by key but for the list. */
export const SQL = {
  ofContainer: 'SELECT * FROM addresses WHERE container_id = ? ORDER BY interface',
  inNetwork: 'SELECT * FROM addresses WHERE container_id = ? AND network = ?',
  ofAddress: 'SELECT * FROM addresses WHERE ip = ?',
  all: 'SELECT * FROM addresses ORDER BY ip',
  insert: 'INSERT INTO addresses (ip, network, container_id, fixed, interface) VALUES (?, ?, ?, ?, ?)',
  fix: 'UPDATE addresses SET fixed = 1 WHERE container_id = ? AND network = ?',
  setInterface: 'UPDATE addresses SET interface = ? WHERE container_id = ? AND network = ?',
  release: 'DELETE FROM addresses WHERE container_id = ?',
  releaseDynamic: 'DELETE FROM addresses WHERE container_id = ? AND fixed = 0',
  leave: 'DELETE FROM addresses WHERE container_id = ? AND network = ?',
  cursor: 'SELECT next FROM address_cursor WHERE network = ?',
  setCursor: 'INSERT INTO address_cursor (network, next) VALUES (?, ?) ON CONFLICT (network) DO UPDATE SET next = excluded.next',
  oldest: 'SELECT turn, ip FROM address_queue WHERE network = ? ORDER BY turn LIMIT 1',
  dequeue: 'DELETE FROM address_queue WHERE turn = ?',
  unqueue: 'DELETE FROM address_queue WHERE ip = ?',
} as const;

/**
 * The container's address in a network: the one it has, else `wanted` (fixed from then on), else the next free one.
 *
 * @throws E_INVALID (not an address, outside the subnet or reserved), E_ADDRESS_IN_USE, E_NO_ADDRESS,
 * E_CONFLICT (the container has another address than the wanted one)
 */
export function allocateAddress(db: RawDatabase, pool: AddressPool, containerId: string, wanted?: string, ifIndex = 0): string {
  const address = wanted === undefined ? undefined : checkWanted(pool, wanted);
  return transaction(db, () => {
    const sql = statements(db);
    const present = sql.inNetwork.get(containerId, pool.network) as AddressRow | undefined;
    if (present === undefined) {
      const owner = { containerId, network: pool.network, ifIndex };
      return formatIpv4(address === undefined ? takeNext(db, pool, owner) : takeFixed(db, address, owner));
    }
    if (address !== undefined && address !== present.ip) {
      throw new DockerliteError('E_CONFLICT', `container ${containerId.slice(0, 12)} has the address ${formatIpv4(present.ip)} already`);
    }
    if (address !== undefined && present.fixed === 0) sql.fix.run(containerId, pool.network);
    if (present.interface !== ifIndex) sql.setInterface.run(ifIndex, containerId, pool.network);
    return formatIpv4(present.ip);
  });
}

/**
 * Gives the container another address, which it keeps while it is stopped; without `wanted` the next free one. The old
 * address is free at once, so the container must not be running: that is the caller's to see to.
 *
 * @throws E_INVALID, E_ADDRESS_IN_USE, E_NO_ADDRESS; the container then has what it had
 */
export function setAddress(db: RawDatabase, pool: AddressPool, containerId: string, wanted?: string): string {
  const address = wanted === undefined ? undefined : checkWanted(pool, wanted);
  const owner = { containerId, network: pool.network, ifIndex: 0 };
  return transaction(db, () => {
    const sql = statements(db);
    if (address === undefined) {
      // Chosen before the old one is given back, so that it is another one.
      const next = findNext(db, pool);
      sql.leave.run(containerId, pool.network);
      sql.insert.run(next, pool.network, containerId, 1, 0);
      return formatIpv4(next);
    }
    const holder = sql.ofAddress.get(address) as AddressRow | undefined;
    if (holder !== undefined && holder.container_id !== containerId) throw inUse(address);
    sql.leave.run(containerId, pool.network);
    return formatIpv4(takeFixed(db, address, owner));
  });
}

/** Gives the container's addresses back; with `keepFixed` only those that were not asked for. Fine when it has none. */
export function releaseAddress(db: RawDatabase, containerId: string, options: { keepFixed?: boolean } = {}): void {
  const sql = statements(db);
  (options.keepFixed ? sql.releaseDynamic : sql.release).run(containerId);
}

/** Gives back the one it has in this network. */
export function leaveNetwork(db: RawDatabase, containerId: string, network: string): void {
  statements(db).leave.run(containerId, network);
}

/** The container's address in a network. */
export function addressOf(db: RawDatabase, containerId: string, network: string): AddressEntry | undefined {
  const row = statements(db).inNetwork.get(containerId, network) as AddressRow | undefined;
  return row === undefined ? undefined : toEntry(row);
}

/** All of a container's addresses, eth0's first. */
export function addressesOf(db: RawDatabase, containerId: string): AddressEntry[] {
  return (statements(db).ofContainer.all(containerId) as AddressRow[]).map(toEntry);
}

/** Every address given out, in order. */
export function listAddresses(db: RawDatabase): AddressEntry[] {
  return (statements(db).all.all() as AddressRow[]).map(toEntry);
}

function toEntry(row: AddressRow): AddressEntry {
  return { ip: formatIpv4(row.ip), network: row.network, containerId: row.container_id, fixed: row.fixed !== 0, interface: row.interface };
}

function checkWanted(pool: AddressPool, wanted: string): number {
  const address = parseIpv4(wanted);
  if (address === undefined) throw invalid('IP address', 'an IPv4 address such as 172.30.0.9', wanted);
  if (!contains(pool.subnet, address)) {
    throw new DockerliteError('E_INVALID', `no configured subnet contains IP address ${wanted}`, {
      hint: `choose one in ${formatSubnet(pool.subnet)}`,
    });
  }
  const role = reservedAs(pool, address);
  if (role !== undefined) throw new DockerliteError('E_INVALID', `IP address ${wanted} is the ${role} of ${formatSubnet(pool.subnet)}`);
  return address;
}

function reservedAs({ subnet, gateway, aux }: AddressPool, address: number): string | undefined {
  if (address === subnet.network) return 'network address';
  if (address === gateway) return 'gateway';
  if (address === broadcastOf(subnet)) return 'broadcast address';
  if (aux.includes(address)) return 'auxiliary address';
  return undefined;
}

/** Who is given an address. */
interface Owner {
  containerId: string;
  network: string;
  ifIndex: number;
}

function takeFixed(db: RawDatabase, address: number, { network, containerId, ifIndex }: Owner): number {
  const sql = statements(db);
  if (sql.ofAddress.get(address) !== undefined) throw inUse(address);
  sql.insert.run(address, network, containerId, 1, ifIndex);
  sql.unqueue.run(address);
  return address;
}

function takeNext(db: RawDatabase, pool: AddressPool, { network, containerId, ifIndex }: Owner): number {
  const address = findNext(db, pool);
  statements(db).insert.run(address, network, containerId, 0, ifIndex);
  return address;
}

/** Takes a free address out of the cursor's range or the queue; the caller gives it an owner. */
function findNext(db: RawDatabase, pool: AddressPool): number {
  const sql = statements(db);
  const isFree = (address: number) => reservedAs(pool, address) === undefined && sql.ofAddress.get(address) === undefined;
  const { first, end } = boundsOf(pool);
  const stored = (sql.cursor.get(pool.network) as { next: number } | undefined)?.next ?? first;
  // Another subnet than last time: begin anew in it.
  let next = stored < first || stored > end ? first : stored;
  // Only fixed and reserved addresses can be ahead of the cursor, and it passes each of them once.
  while (next < end && !isFree(next)) next++;
  sql.setCursor.run(pool.network, Math.min(next + 1, end));
  if (next < end) return next;
  for (;;) {
    const oldest = sql.oldest.get(pool.network) as { turn: number; ip: number } | undefined;
    if (oldest === undefined) throw exhausted(pool);
    sql.dequeue.run(oldest.turn);
    if (oldest.ip >= first && oldest.ip < end && isFree(oldest.ip)) return oldest.ip;
  }
}

/** Dynamic addresses lie from `first` to before `end`. */
function boundsOf({ subnet, range }: AddressPool): { first: number; end: number } {
  return {
    first: Math.max(range.network, subnet.network + 1),
    end: Math.min(range.network + sizeOf(range.prefix), broadcastOf(subnet)),
  };
}

function inUse(address: number): DockerliteError {
  return new DockerliteError('E_ADDRESS_IN_USE', `IP address ${formatIpv4(address)} is already in use`);
}

function exhausted(pool: AddressPool): DockerliteError {
  const { first, end } = boundsOf(pool);
  const reserved = [pool.gateway, ...pool.aux].filter((address) => address >= first && address < end);
  const count = end - first - new Set(reserved).size;
  const text = `no available IPv4 addresses on this network's address pools: ${pool.network} (all ${count} of ${formatSubnet(pool.range)} are in use)`;
  const wider = pool.network === 'bridge' ? 'make a store with a wider range: dockerlite init --subnet' : 'make a network with a wider range';
  return new DockerliteError('E_NO_ADDRESS', text, { hint: `stop or remove containers, or ${wider}` });
}

function transaction<T>(db: RawDatabase, body: () => T): T {
  return db.inTransaction ? db.transaction(body)() : db.transaction(body).immediate();
}

const prepared = new WeakMap<RawDatabase, Record<keyof typeof SQL, RawStatement>>();

function statements(db: RawDatabase): Record<keyof typeof SQL, RawStatement> {
  let all = prepared.get(db);
  if (all === undefined) {
    all = Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)])) as typeof all & {};
    prepared.set(db, all);
  }
  return all;
}
