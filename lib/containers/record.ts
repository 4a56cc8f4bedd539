// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { isIdPrefix, onlyMatch, prefixEnd } from '../util/resolve';
import { checkShape, NAME } from '../util/shape';
import type { ContainerSpec } from './spec';
import type { ContainerState } from './state';

export interface ContainerRow {
  id: string;
  name: string;
  image: string;
  image_name: string;
  state: ContainerState;
  owner: string;
  created: number;
  spec: string;
  base: string;
  pid: number;
  started: string;
  finished: string;
  exit_code: number;
  oom_killed: number;
  error: string;
  /** Number of its range of user ids, 0 when it has the host's; see security/id-ranges.ts. */
  id_range: number;
  /** 1 when the user stopped it: `unless-stopped` then leaves it alone after a reboot. */
  stopped: number;
}

export function specOf(row: Pick<ContainerRow, 'spec'>): ContainerSpec {
  return JSON.parse(row.spec) as ContainerSpec;
}

/** A container that is not there yet, or going away, is not found: nobody can act on it. */
const VISIBLE = "state NOT IN ('creating', 'removing')";

/**
 * Finds a container by full id, name, or unique prefix of its id, in Docker's order.
 * @throws E_NO_SUCH_CONTAINER, E_AMBIGUOUS
 */
export function findContainer(store: Store, wanted: string): ContainerRow {
  checkShape('name or id', wanted, NAME);
  const { db } = store;
  if (/^[0-9a-f]{64}$/.test(wanted)) {
    const byId = db.get<ContainerRow>(`SELECT * FROM containers WHERE id = ? AND ${VISIBLE}`, wanted);
    if (byId !== undefined) return byId;
  }
  const name = wanted.startsWith('/') ? wanted.slice(1) : wanted;
  const byName = db.get<ContainerRow>(`SELECT * FROM containers WHERE name = ? AND ${VISIBLE}`, name);
  if (byName !== undefined) return byName;
  const rows = isIdPrefix(wanted)
    ? db.all<ContainerRow>(
        `SELECT * FROM containers WHERE id >= ? AND id < ? AND ${VISIBLE} LIMIT 2`,
        wanted,
        prefixEnd(wanted),
      )
    : [];
  return onlyMatch(rows, wanted, 'E_NO_SUCH_CONTAINER', 'container');
}

/** The container created last. @throws E_NO_SUCH_CONTAINER */
export function latestContainer(store: Store): ContainerRow {
  const row = store.db.get<ContainerRow>(`SELECT * FROM containers WHERE ${VISIBLE} ORDER BY created DESC LIMIT 1`);
  if (row === undefined) throw new DockerliteError('E_NO_SUCH_CONTAINER', 'there is no container yet');
  return row;
}

export function containerById(store: Store, id: string): ContainerRow | undefined {
  return store.db.get<ContainerRow>('SELECT * FROM containers WHERE id = ?', id);
}
