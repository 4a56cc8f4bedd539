// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { DockerliteError } from '../errors';
import type { RawDatabase, RawStatement } from './raw-database';
import { spendReserve } from './reserve';
import { STEPS } from './schema';

const PAGE = 4096;
/** Bytes. The first to open the store after everybody has gone reads all of the log. */
const LONG_LOG = 1024 ** 2;
const LONGEST_LOG = 16 * 1024 ** 2;
/**
 * Milliseconds for another process's transaction. A lock never outlives its process, but whoever has it may wait long for a processor: of
 * 31 commands at once on two of them the last waits 3 s for transactions of 2 ms, on an emulated machine a minute.
 */
const LONGEST_WAIT = 300_000;

/**
 * The store's SQLite file. WAL without an fsync per transaction: what a snapshot's own commit makes durable needs no
 * second flush. A change whose result is acknowledged as durable (an image) goes through `durably`.
 */
export class StateDatabase {
  private readonly statements = new Map<string, RawStatement>();

  /** What is to be done when the transaction that is open has been committed. */
  private afterwards: (() => void)[] = [];

  private static readonly opened = new Set<StateDatabase>();

  private constructor(readonly raw: RawDatabase) {
    StateDatabase.opened.add(this);
  }

  /** Whether this process has the file open. SQLite itself may keep a descriptor for a while after that. */
  static isOpen(file: string): boolean {
    return [...StateDatabase.opened].some(({ raw }) => raw.open && raw.name === file);
  }

  static open(file: string, create = false): StateDatabase {
    let raw: RawDatabase | undefined;
    try {
      raw = new BetterSqlite(file, { fileMustExist: !create, timeout: LONGEST_WAIT, nativeBinding: sqliteBinding() });
      raw.pragma('synchronous = NORMAL');
      // Folding the log into the database waits for the disk, which a program's event loop should not: see checkpoint().
      raw.pragma(`wal_autocheckpoint = ${LONGEST_LOG / PAGE}`);
      if (create) raw.pragma('journal_mode = WAL');
      if (!create && raw.pragma('user_version', { simple: true }) === 0) throw damaged(file, 'it is empty', new Error('no tables'));
      upgrade(raw, file);
      return new StateDatabase(raw);
    } catch (error) {
      raw?.close();
      throw asStoreError(error, file);
    }
  }

  /** A prepared statement, kept for the next call. */
  private prepare(sql: string): RawStatement {
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
    const result = this.guard(() => {
      this.afterwards = [];
      this.prepare('BEGIN IMMEDIATE').run();
      try {
        const result = body();
        this.prepare('COMMIT').run();
        return result;
      } catch (error) {
        if (this.raw.inTransaction) this.prepare('ROLLBACK').run();
        throw error;
      }
    });
    for (const job of this.afterwards.splice(0)) job();
    return result;
  }

  /** Has `job`, which must not throw, done as soon as the transaction that is open has been committed; not when it is rolled back. */
  afterCommit(job: () => void): void {
    this.afterwards.push(job);
  }

  /** The same, on the disk when it returns. */
  durably<T>(body: () => T): T {
    this.guard(() => this.raw.pragma('synchronous = FULL'));
    try {
      return this.transaction(body);
    } finally {
      this.guard(() => this.raw.pragma('synchronous = NORMAL'));
    }
  }

  /** Shortens the log when it has grown long; for a moment when nobody waits. */
  checkpoint(): void {
    const { size } = statSync(`${this.raw.name}-wal`, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size > LONG_LOG) this.raw.pragma('wal_checkpoint(TRUNCATE)');
  }

  /** What is wrong with the file, one line each; nothing when it is well. Reads all of it. */
  integrity(): string[] {
    return this.guard(() => {
      const said = this.raw.pragma('integrity_check') as { integrity_check: string }[];
      const orphans = this.raw.pragma('foreign_key_check') as { table: string; parent: string }[];
      return [
        ...said.map((row) => row.integrity_check).filter((line) => line !== 'ok'),
        ...orphans.map(({ table, parent }) => `a row of ${table} refers to one of ${parent} that is not there`),
      ];
    });
  }

  get isClosed(): boolean {
    return !this.raw.open;
  }

  /** Safe to call twice. */
  close(): void {
    this.statements.clear();
    StateDatabase.opened.delete(this);
    this.raw.close();
  }

  /** Runs what uses `raw` itself; its errors come out as this package's. */
  guard<T>(body: () => T): T {
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

/** Takes the steps that the file lacks, all of them or none, one process alone. @throws E_STORE_DAMAGED */
function upgrade(raw: RawDatabase, file: string): void {
  const version = () => raw.pragma('user_version', { simple: true }) as number;
  if (version() === STEPS.length) return;
  const newer = raw
    .transaction(() => {
      const from = version();
      for (const step of STEPS.slice(from)) raw.exec(step);
      if (from < STEPS.length) raw.pragma(`user_version = ${STEPS.length}`);
      return from > STEPS.length;
    })
    .exclusive();
  if (!newer) return;
  throw new DockerliteError('E_STORE_DAMAGED', `${file} has version ${version()}, this dockerlite knows ${STEPS.length}`, {
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
  if (code.startsWith('SQLITE_READONLY') || isReadonly(path)) {
    return new DockerliteError('E_PERMISSION', `the store's state ${path} cannot be written: ${message}`, {
      path,
      hint: 'is its file system mounted read-only? btrfs does that by itself after an error, see dmesg',
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new DockerliteError('E_CONFLICT', `the store's state is locked by another process: ${message}`, { path, cause: error });
  }
  if (/^SQLITE_(?:CORRUPT|NOTADB|CANTOPEN|ERROR)/.test(code)) return damaged(path, message, error);
  return new DockerliteError('E_SYSTEM', `the store's state ${path} cannot be used: ${message}`, { path, cause: error });
}

/** On a read-only file system SQLite cannot even read: it says all sorts of things. */
function isReadonly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}

function damaged(path: string, message: string, cause: unknown): DockerliteError {
  return new DockerliteError('E_STORE_DAMAGED', `the store's state ${path} cannot be used: ${message}`, {
    path,
    hint: 'make it anew from what is found: dockerlite system check --repair (the damaged file is kept)',
    cause,
  });
}

/** Found as Node finds packages, without its reading of them; better-sqlite3 itself searches some ten places. */
function sqliteBinding(): string | undefined {
  for (let path = __dirname; path !== dirname(path); path = dirname(path)) {
    const addon = join(path, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
    if (existsSync(addon)) return addon;
  }
  return undefined;
}
