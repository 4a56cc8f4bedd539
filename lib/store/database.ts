// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite, { type Database, type Statement } from 'better-sqlite3';
import { DockerliteError } from '../errors';
import { spendReserve } from './reserve';

const SCHEMA = `
CREATE TABLE images (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,               -- creating | ready | removing
  owner TEXT NOT NULL,               -- process that is creating or removing it
  created INTEGER NOT NULL,          -- ms since the epoch
  parent TEXT NOT NULL DEFAULT '',
  config TEXT NOT NULL,              -- OCI image configuration, JSON
  size INTEGER NOT NULL DEFAULT 0,   -- bytes
  has_base INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX images_unfinished ON images(state) WHERE state <> 'ready';
CREATE TABLE tags (
  name TEXT PRIMARY KEY,             -- repository:tag
  image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX tags_image ON tags(image);
CREATE TABLE containers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  image TEXT NOT NULL,
  image_name TEXT NOT NULL,          -- as the user wrote it
  state TEXT NOT NULL,               -- ContainerState, see containers/state.ts
  owner TEXT NOT NULL,               -- process at work on it, or its supervisor while it runs
  created INTEGER NOT NULL,          -- ms since the epoch
  spec TEXT NOT NULL,                -- ContainerSpec, JSON
  base TEXT NOT NULL,                -- subvolume it was snapshotted from, relative to the root
  pid INTEGER NOT NULL DEFAULT 0,    -- init's, in the host's namespace
  started TEXT NOT NULL DEFAULT '',  -- ns since the epoch
  finished TEXT NOT NULL DEFAULT '',
  exit_code INTEGER NOT NULL DEFAULT 0,
  oom_killed INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  auto_remove INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX containers_created ON containers(created);
CREATE INDEX containers_image ON containers(image);
CREATE INDEX containers_active ON containers(state) WHERE state NOT IN ('created', 'exited');
CREATE INDEX containers_auto_remove ON containers(state) WHERE auto_remove = 1;
CREATE TABLE addresses (
  ip INTEGER PRIMARY KEY,            -- IPv4 as a number
  container_id TEXT NOT NULL UNIQUE,
  fixed INTEGER NOT NULL DEFAULT 0   -- kept while the container is stopped
);
CREATE TABLE address_cursor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  next INTEGER NOT NULL              -- from here on no address was ever given out
);
CREATE TABLE address_queue (         -- addresses given back, oldest first
  turn INTEGER PRIMARY KEY,
  ip INTEGER NOT NULL UNIQUE
);
CREATE TRIGGER addresses_returned AFTER DELETE ON addresses WHEN OLD.ip < (SELECT next FROM address_cursor) BEGIN
  INSERT OR IGNORE INTO address_queue (ip) VALUES (OLD.ip);
END;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

const VERSION = 1;
const PAGE = 4096;
/** Bytes. The first to open the store after everybody has gone reads all of the log. */
const LONG_LOG = 1024 ** 2;
const LONGEST_LOG = 16 * 1024 ** 2;

/**
 * The store's SQLite file. WAL without an fsync per transaction: what a snapshot's own commit makes durable needs no
 * second flush. A change whose result is acknowledged as durable (an image) goes through `durably`.
 */
export class StateDatabase {
  private readonly statements = new Map<string, Statement>();

  private constructor(readonly raw: Database) {}

  static open(file: string, create = false): StateDatabase {
    let raw: Database | undefined;
    try {
      raw = new BetterSqlite(file, { fileMustExist: !create, timeout: 30_000, nativeBinding: sqliteBinding() });
      raw.pragma('synchronous = NORMAL');
      // Folding the log into the database waits for the disk, which a program's event loop should not: see checkpoint().
      raw.pragma(`wal_autocheckpoint = ${LONGEST_LOG / PAGE}`);
      if (create) {
        raw.pragma('journal_mode = WAL');
        raw.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${VERSION}; COMMIT;`);
      } else {
        checkVersion(raw, file);
      }
      return new StateDatabase(raw);
    } catch (error) {
      raw?.close();
      throw asStoreError(error, file);
    }
  }

  /** A prepared statement, kept for the next call. */
  private prepare(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.raw.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  get<Row>(sql: string, ...values: unknown[]): Row | undefined {
    return this.guard(() => this.prepare(sql).get(...values) as Row | undefined);
  }

  all<Row>(sql: string, ...values: unknown[]): Row[] {
    return this.guard(() => this.prepare(sql).all(...values) as Row[]);
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...values: unknown[]): number {
    return this.guard(() => this.prepare(sql).run(...values).changes);
  }

  /** One IMMEDIATE transaction: two processes that read and then write never both believe what they read. */
  transaction<T>(body: () => T): T {
    if (this.raw.inTransaction) return body();
    return this.guard(() => this.raw.transaction(body).immediate());
  }

  /** The same, on the disk when it returns. */
  durably<T>(body: () => T): T {
    this.raw.pragma('synchronous = FULL');
    try {
      return this.transaction(body);
    } finally {
      this.raw.pragma('synchronous = NORMAL');
    }
  }

  /** Shortens the log when it has grown long; for a moment when nobody waits. */
  checkpoint(): void {
    const { size } = statSync(`${this.raw.name}-wal`, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size > LONG_LOG) this.raw.pragma('wal_checkpoint(TRUNCATE)');
  }

  get isClosed(): boolean {
    return !this.raw.open;
  }

  /** Safe to call twice. */
  close(): void {
    this.statements.clear();
    this.raw.close();
  }

  private guard<T>(body: () => T): T {
    for (;;) {
      try {
        return body();
      } catch (error) {
        const full = (error as { code?: unknown }).code === 'SQLITE_FULL';
        // Inside a transaction the whole of it is what must be done again.
        if (full && !this.raw.inTransaction && spendReserve(`${this.raw.name}-reserve`)) continue;
        throw this.raw.inTransaction ? error : asStoreError(error, this.raw.name);
      }
    }
  }
}

function checkVersion(raw: Database, file: string): void {
  const version = raw.pragma('user_version', { simple: true });
  if (version === VERSION) return;
  throw new DockerliteError('E_STORE_DAMAGED', `${file} has version ${String(version)}, this dockerlite knows ${VERSION}`, {
    path: file,
    hint: 'use the dockerlite that made the store, or a newer one',
  });
}

function asStoreError(error: unknown, path: string): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return error;
  const message = (error as Error).message;
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_WRITE') {
    return new DockerliteError('E_NO_SPACE', `no space left in the store: ${message}`, { path, cause: error });
  }
  if (code.startsWith('SQLITE_READONLY')) {
    return new DockerliteError('E_PERMISSION', `the store's state cannot be written: ${message}`, { path, cause: error });
  }
  return new DockerliteError('E_STORE_DAMAGED', `the store's state cannot be used: ${message}`, { path, cause: error });
}

/** better-sqlite3 otherwise searches some ten places for its own addon at every start. */
function sqliteBinding(): string | undefined {
  try {
    return join(require.resolve('better-sqlite3/package.json'), '../build/Release/better_sqlite3.node');
  } catch {
    return undefined;
  }
}
