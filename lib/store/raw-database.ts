// SPDX-License-Identifier: Apache-2.0

/**
 * What of better-sqlite3 is used. Its types are in a package of their own, which a program that uses this one does not have:
 * our declarations must not need it.
 */
export interface RawDatabase {
  readonly name: string;
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): RawStatement;
  exec(sql: string): unknown;
  pragma(text: string, options?: { simple?: boolean }): unknown;
  transaction<T>(body: () => T): (() => T) & { immediate(): T; exclusive(): T };
  close(): void;
}

export interface RawStatement {
  run(...values: unknown[]): { changes: number };
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  /** Rows as arrays. */
  raw(): RawStatement;
}
