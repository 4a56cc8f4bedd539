// SPDX-License-Identifier: Apache-2.0
import type { StateDatabase } from '../store/database';

/** Copies what can be read of a damaged database into a new one; how many rows that were. */
export function salvage(damaged: string, db: StateDatabase): number {
  const raw = db.raw;
  try {
    raw.prepare('ATTACH DATABASE ? AS old').run(damaged);
  } catch {
    return 0; // not a database at all
  }
  raw.pragma('foreign_keys = OFF');
  try {
    return tables(db).reduce((sum, table) => sum + copyTable(db, table), 0);
  } finally {
    raw.pragma('foreign_keys = ON');
    raw.exec('DETACH DATABASE old');
  }
}

function tables(db: StateDatabase): string[] {
  const rows = db.raw.prepare("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
  return (rows as { name: string }[]).map(({ name }) => name);
}

/** Removes rows that refer to one that could not be read: a tag of a lost image, for one. */
export function dropOrphans(db: StateDatabase): void {
  for (const table of tables(db)) {
    for (const { table: parent, from, to } of db.raw.pragma(`foreign_key_list("${table}")`) as { table: string; from: string; to: string }[]) {
      db.raw.exec(`DELETE FROM "${table}" WHERE "${from}" NOT IN (SELECT "${to}" FROM "${parent}")`);
    }
  }
}

/** From both ends: each way comes to the damage from another side. */
function copyTable(db: StateDatabase, table: string): number {
  const { raw } = db;
  const mine = columns(db, 'main', table);
  const shared = columns(db, 'old', table).filter(({ name }) => mine.some((column) => column.name === name));
  if (shared.length === 0) return 0;
  const names = shared.map(({ name }) => `"${name}"`).join(', ');
  const key = mine.filter(({ pk }) => pk > 0).map(({ name }) => `"${name}"`);
  let copied = 0;
  for (const direction of ['ASC', 'DESC']) {
    const order = key.length === 0 ? '' : `ORDER BY ${key.map((name) => `${name} ${direction}`).join(', ')}`;
    const insert = `INSERT OR IGNORE INTO main."${table}" (${names}) VALUES (${shared.map(() => '?').join(', ')})`;
    try {
      // Row by row: those before the damage are kept.
      for (const row of raw.prepare(`SELECT ${names} FROM old."${table}" ${order}`).raw().all() as unknown[][]) copied += raw.prepare(insert).run(...row).changes;
    } catch {
      copied += copyOneByOne(db, `SELECT ${names} FROM old."${table}" ${order} LIMIT 1 OFFSET ?`, insert);
    }
  }
  return copied;
}

/** As many as can be read from the beginning. */
function copyOneByOne({ raw }: StateDatabase, select: string, insert: string): number {
  let copied = 0;
  try {
    for (let offset = 0; ; offset++) {
      const row = raw.prepare(select).raw().get(offset) as unknown[] | undefined;
      if (row === undefined) return copied;
      copied += raw.prepare(insert).run(...row).changes;
    }
  } catch {
    return copied;
  }
}

function columns({ raw }: StateDatabase, schema: 'main' | 'old', table: string): { name: string; pk: number }[] {
  try {
    return raw.pragma(`${schema}.table_info("${table}")`) as { name: string; pk: number }[];
  } catch {
    return [];
  }
}
