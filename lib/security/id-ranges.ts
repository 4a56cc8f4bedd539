// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { DockerliteError } from '../errors';
import type { StateDatabase } from '../store/database';
import type { StoreMarker } from '../store/store';

/** Ids in a container's user namespace. */
export const RANGE_SIZE = 65_536;
// Of what systemd's documentation (UIDS-GIDS) sets aside for containers: 524288 to 1879048191.
const FIRST = 0x0008;
const LAST = 0x6fff;
const COUNT = LAST - FIRST + 1;
/** The first ids of the lowest and the highest range. */
export const ID_RANGES = { lowest: FIRST * RANGE_SIZE, highest: LAST * RANGE_SIZE };

/**
 * Reserves a range of ids for a container; part of the caller's transaction, which must be IMMEDIATE. The row holds the
 * range's number, so it is given back with the row. The number after the highest is free; only when the numbers
 * have run out is a gap searched.
 * @throws E_NO_SPACE
 */
export function reserveIdRange(db: StateDatabase, containerId: string): void {
  const { highest } = db.get<{ highest: number | null }>('SELECT max(id_range) AS highest FROM containers WHERE id_range > 0') ?? { highest: 0 };
  const number = (highest ?? 0) < COUNT ? (highest ?? 0) + 1 : firstGap(db);
  if (number === undefined) {
    throw new DockerliteError('E_NO_SPACE', `no free range of user ids: ${COUNT} containers have one`, { hint: 'remove containers' });
  }
  db.run('UPDATE containers SET id_range = ? WHERE id = ?', number, containerId);
}

function firstGap(db: StateDatabase): number | undefined {
  if (db.get('SELECT 1 FROM containers WHERE id_range = 1') === undefined) return 1;
  return db.get<{ free: number }>(
    `SELECT id_range + 1 AS free FROM containers AS a WHERE id_range BETWEEN 1 AND ${COUNT - 1}
     AND NOT EXISTS (SELECT 1 FROM containers AS b WHERE b.id_range = a.id_range + 1) ORDER BY id_range LIMIT 1`,
  )?.free;
}

/**
 * What a container's root is on the host; 0 for one without a range, whose ids are the host's. Each store begins
 * at another place, so that two stores of one machine use the same range as late as possible; when a container of another
 * store has it at the time of the start, the supervisor takes the next one.
 */
export function firstHostId(marker: StoreMarker, range: number): number {
  if (range === 0) return 0;
  const start = parseInt(marker.id.slice(0, 8), 16) % COUNT;
  return (FIRST + ((start + range - 1) % COUNT)) * RANGE_SIZE;
}

/** The same of a container that runs: it may have a third one's ids, or not those it asked for. 0 when it has ended. */
export function rootOnHost(pid: number): number {
  try {
    return Number(/^\s*0\s+(\d+)/.exec(readFileSync(`/proc/${pid}/uid_map`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The mapping as liblxc takes it. */
export function idmapKeys(first: number): string[] {
  if (first === 0) return [];
  return [`lxc.idmap=u 0 ${first} ${RANGE_SIZE}`, `lxc.idmap=g 0 ${first} ${RANGE_SIZE}`];
}
