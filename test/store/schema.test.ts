// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { COLUMNS } from '../../lib/containers/list';
import { narrow } from '../../lib/containers/list-narrow';
import { StateDatabase } from '../../lib/store/database';
import { STEPS } from '../../lib/store/schema';

describe('the state file and its version', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'schema-'));
    file = join(directory, 'state.db');
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  const tables = (path: string) => {
    const raw = new BetterSqlite(path, { readonly: true });
    try {
      return raw.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all();
    } finally {
      raw.close();
    }
  };

  it('takes a file of every older version to what a new one has, keeping its rows', () => {
    StateDatabase.open(file, true).close();
    for (let version = 1; version < STEPS.length; version++) {
      const older = join(directory, `${version}.db`);
      const raw = new BetterSqlite(older);
      for (const step of STEPS.slice(0, version)) raw.exec(step);
      raw.pragma(`user_version = ${version}`);
      raw.exec("INSERT INTO settings (key, value) VALUES ('kept', 'yes')");
      raw.close();
      const db = StateDatabase.open(older);
      assert.deepEqual(db.get("SELECT value FROM settings WHERE key = 'kept'"), { value: 'yes' });
      db.close();
      assert.deepEqual(tables(older), tables(file));
    }
  });

  it('has all that a list of what runs shows in an index, as the rows are a page each', () => {
    const db = StateDatabase.open(file, true);
    const plan = db.all<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT ${COLUMNS.join()} FROM containers WHERE ${narrow({}, false).sql}`);
    db.close();
    assert.match(plan.map(({ detail }) => detail).join(), /USING COVERING INDEX containers_active$/);
  });

  it('refuses a file of a newer version and leaves it alone', () => {
    StateDatabase.open(file, true).close();
    const raw = new BetterSqlite(file);
    raw.pragma(`user_version = ${STEPS.length + 1}`);
    raw.close();
    assert.throws(() => StateDatabase.open(file), { code: 'E_STORE_DAMAGED', path: file });
    const again = new BetterSqlite(file);
    assert.equal(again.pragma('user_version', { simple: true }), STEPS.length + 1);
    again.close();
  });
});
