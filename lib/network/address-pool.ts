// SPDX-License-Identifier: Apache-2.0
import type { Database, Statement } from 'better-sqlite3';
import { DockerliteError, invalid } from '../errors';
import { broadcastOf, contains, formatIpv4, formatSubnet, gatewayOf, parseIpv4, parseSubnet, sizeOf, type Subnet } from './ipv4';

/**
 * Who has which address. Each function is one IMMEDIATE transaction, or part of the caller's, which must then be IMMEDIATE
 * itself. A dynamic address comes from beyond `address_cursor`, which only moves up, and once that has reached the end
 * from `address_queue`, where a trigger puts what is given back: every address rests as long as possible before somebody
 * else gets it, and a choice costs a look into two indexes, however many addresses are taken.
 */

export interface AddressEntry {
  ip: string;
  containerId: string;
  /** Kept while the container is stopped. */
  fixed: boolean;
}

interface AddressRow {
  ip: number;
  container_id: string;
  fixed: number;
}

/** Every statement of the pool; each is a search by key but for the list. */
export const SQL = {
  ofContainer: 'SELECT ip, container_id, fixed FROM addresses WHERE container_id = ?',
  ofAddress: 'SELECT ip, container_id, fixed FROM addresses WHERE ip = ?',
  all: 'SELECT ip, container_id, fixed FROM addresses ORDER BY ip',
  insert: 'INSERT INTO addresses (ip, container_id, fixed) VALUES (?, ?, ?)',
  fix: 'UPDATE addresses SET fixed = 1 WHERE container_id = ?',
  release: 'DELETE FROM addresses WHERE container_id = ?',
  releaseDynamic: 'DELETE FROM addresses WHERE container_id = ? AND fixed = 0',
  cursor: 'SELECT next FROM address_cursor',
  setCursor: 'INSERT INTO address_cursor (one, next) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET next = excluded.next',
  oldest: 'SELECT turn, ip FROM address_queue ORDER BY turn LIMIT 1',
  dequeue: 'DELETE FROM address_queue WHERE turn = ?',
  unqueue: 'DELETE FROM address_queue WHERE ip = ?',
} as const;

/**
 * The container's address: the one it has, else `wanted` (fixed from then on), else the next free one.
 *
 * @throws E_INVALID (not an address, outside the subnet or reserved), E_ADDRESS_IN_USE, E_NO_ADDRESS,
 * E_CONFLICT (the container has another address than the wanted one)
 */
export function allocateAddress(db: Database, subnet: string, containerId: string, wanted?: string): string {
  const range = parseSubnet(subnet);
  const address = wanted === undefined ? undefined : checkWanted(range, wanted);
  return transaction(db, () => {
    const sql = statements(db);
    const present = sql.ofContainer.get(containerId) as AddressRow | undefined;
    if (present === undefined) return formatIpv4(address === undefined ? takeNext(db, range, containerId, 0) : takeFixed(db, address, containerId));
    if (address !== undefined && address !== present.ip) {
      throw new DockerliteError('E_CONFLICT', `container ${containerId.slice(0, 12)} has the address ${formatIpv4(present.ip)} already`);
    }
    if (address !== undefined) sql.fix.run(containerId);
    return formatIpv4(present.ip);
  });
}

/**
 * Gives the container another address, which it keeps while it is stopped; without `wanted` the next free one. The old
 * address is free at once, so the container must not be running: that is the caller's to see to.
 *
 * @throws E_INVALID, E_ADDRESS_IN_USE, E_NO_ADDRESS; the container then has what it had
 */
export function setAddress(db: Database, subnet: string, containerId: string, wanted?: string): string {
  const range = parseSubnet(subnet);
  const address = wanted === undefined ? undefined : checkWanted(range, wanted);
  return transaction(db, () => {
    const sql = statements(db);
    if (address === undefined) {
      // Chosen before the old one is given back, so that it is another one.
      const next = findNext(db, range);
      sql.release.run(containerId);
      sql.insert.run(next, containerId, 1);
      return formatIpv4(next);
    }
    const holder = sql.ofAddress.get(address) as AddressRow | undefined;
    if (holder !== undefined && holder.container_id !== containerId) throw inUse(address);
    sql.release.run(containerId);
    return formatIpv4(takeFixed(db, address, containerId));
  });
}

/** Gives the container's address back; with `keepFixed` only one that was not asked for. Fine when it has none. */
export function releaseAddress(db: Database, containerId: string, options: { keepFixed?: boolean } = {}): void {
  const sql = statements(db);
  (options.keepFixed ? sql.releaseDynamic : sql.release).run(containerId);
}

export function addressOf(db: Database, containerId: string): AddressEntry | undefined {
  const row = statements(db).ofContainer.get(containerId) as AddressRow | undefined;
  return row === undefined ? undefined : toEntry(row);
}

/** Every address given out, in order. */
export function listAddresses(db: Database): AddressEntry[] {
  return (statements(db).all.all() as AddressRow[]).map(toEntry);
}

function toEntry(row: AddressRow): AddressEntry {
  return { ip: formatIpv4(row.ip), containerId: row.container_id, fixed: row.fixed !== 0 };
}

function checkWanted(subnet: Subnet, wanted: string): number {
  const address = parseIpv4(wanted);
  if (address === undefined) throw invalid('IP address', 'an IPv4 address such as 172.30.0.9', wanted);
  if (!contains(subnet, address)) {
    throw new DockerliteError('E_INVALID', `no configured subnet contains IP address ${wanted}`, {
      hint: `choose one in ${formatSubnet(subnet)}`,
    });
  }
  const role = reservedAs(subnet, address);
  if (role !== undefined) throw new DockerliteError('E_INVALID', `IP address ${wanted} is the ${role} of ${formatSubnet(subnet)}`);
  return address;
}

function reservedAs(subnet: Subnet, address: number): string | undefined {
  if (address === subnet.network) return 'network address';
  if (address === gatewayOf(subnet)) return 'gateway';
  if (address === broadcastOf(subnet)) return 'broadcast address';
  return undefined;
}

function takeFixed(db: Database, address: number, containerId: string): number {
  const sql = statements(db);
  if (sql.ofAddress.get(address) !== undefined) throw inUse(address);
  sql.insert.run(address, containerId, 1);
  sql.unqueue.run(address);
  return address;
}

function takeNext(db: Database, subnet: Subnet, containerId: string, fixed: 0 | 1): number {
  const address = findNext(db, subnet);
  statements(db).insert.run(address, containerId, fixed);
  return address;
}

/** Takes a free address out of the cursor's range or the queue; the caller gives it an owner. */
function findNext(db: Database, subnet: Subnet): number {
  const sql = statements(db);
  const isFree = (address: number) => sql.ofAddress.get(address) === undefined;
  const first = gatewayOf(subnet) + 1;
  const end = broadcastOf(subnet);
  const stored = (sql.cursor.get() as { next: number } | undefined)?.next ?? first;
  // Another subnet than last time: begin anew in it.
  let next = stored < first || stored > end ? first : stored;
  // Only fixed addresses can be ahead of the cursor, and it passes each of them once.
  while (next < end && !isFree(next)) next++;
  sql.setCursor.run(Math.min(next + 1, end));
  if (next < end) return next;
  for (;;) {
    const oldest = sql.oldest.get() as { turn: number; ip: number } | undefined;
    if (oldest === undefined) throw exhausted(subnet);
    sql.dequeue.run(oldest.turn);
    if (oldest.ip >= first && oldest.ip < end && isFree(oldest.ip)) return oldest.ip;
  }
}

function inUse(address: number): DockerliteError {
  return new DockerliteError('E_ADDRESS_IN_USE', `IP address ${formatIpv4(address)} is already in use`);
}

function exhausted(subnet: Subnet): DockerliteError {
  const count = sizeOf(subnet.prefix) - 3;
  return new DockerliteError('E_NO_ADDRESS', `no free address: all ${count} of ${formatSubnet(subnet)} are in use`, {
    hint: 'stop or remove containers, or make a store with a wider range: dockerlite init --subnet',
  });
}

function transaction<T>(db: Database, body: () => T): T {
  return db.inTransaction ? db.transaction(body)() : db.transaction(body).immediate();
}

const prepared = new WeakMap<Database, Record<keyof typeof SQL, Statement>>();

function statements(db: Database): Record<keyof typeof SQL, Statement> {
  let all = prepared.get(db);
  if (all === undefined) {
    all = Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)])) as typeof all & {};
    prepared.set(db, all);
  }
  return all;
}
