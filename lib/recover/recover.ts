// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import type { Finding } from '../check/finding';
import { DockerliteError } from '../errors';
import { StateDatabase } from '../store/database';
import { Layout } from '../store/layout';
import { readMarker, requireRoot, type Store } from '../store/store';
import { checkShape, TEXT } from '../util/shape';
import { holders } from './holders';
import { restoreRows } from './restore-rows';
import { dropOrphans, salvage } from './salvage';

/** What is wrong with the state of a store, one line each; nothing when it is well, or there is no store. */
export function examineState(root: string): string[] {
  checkShape('store root', root, TEXT);
  const marker = readMarker(root);
  if (marker === undefined) return [];
  try {
    const db = StateDatabase.open(new Layout(root, marker.id).database);
    try {
      return db.integrity();
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof DockerliteError && error.code === 'E_STORE_DAMAGED' && error.cause !== undefined) return [error.message];
    throw error;
  }
}

/**
 * Makes the state of a store anew: with every row that can be read of the damaged file, which is kept beside it, and rows
 * for the images and containers that are there and have none. Nothing is deleted.
 * @throws E_CONFLICT while a process has the file open
 */
export async function* recoverState(root: string): AsyncGenerator<Finding> {
  checkShape('store root', root, TEXT);
  requireRoot();
  const marker = readMarker(root);
  if (marker === undefined) throw new DockerliteError('E_STORE_MISSING', `there is no dockerlite store at ${root}`, { path: root });
  const layout = new Layout(root, marker.id);
  const users = holders(layout.database).filter((pid) => pid !== process.pid || StateDatabase.isOpen(layout.database));
  if (users.length > 0) {
    throw new DockerliteError('E_CONFLICT', `${layout.database} is open in process ${users.join(', ')}`, { path: layout.database, hint: 'end it first' });
  }
  const aside = setAside(layout);
  const db = StateDatabase.open(layout.database, true);
  try {
    const store: Store = { layout, marker, db };
    const rows = salvage(`${aside}/state.db`, db);
    yield { kind: 'database', what: layout.database, detail: 'damaged', repaired: `made anew with ${rows} rows of it; the damaged file is in ${aside}` };
    yield* restoreRows(store);
    dropOrphans(db);
  } finally {
    db.close();
  }
}

/** The file and SQLite's companions of it, in a directory of their own. */
function setAside(layout: Layout): string {
  for (let n = 1; ; n++) {
    const aside = `${layout.state}/damaged-${n}`;
    if (existsSync(aside)) continue;
    mkdirSync(aside, { mode: 0o700 });
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(`${layout.database}${suffix}`)) renameSync(`${layout.database}${suffix}`, `${aside}/state.db${suffix}`);
    }
    return aside;
  }
}
