// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { constants } from 'node:os';
import BetterSqlite from 'better-sqlite3';
import { type Addons, loadAddon } from '../../lib/binding/load';

type Anything = (this: unknown, ...args: unknown[]) => unknown;

/** Whether the call that fails has done its work all the same. */
export type Moment = 'before' | 'after';

/** These cannot fail: they compute something, or only ask. */
const CANNOT_FAIL = /^(?:closeFd|timedEvent|closeSnapshots|probeSockets|startTimes|existing|cancel|progress|version|isConfigItemSupported|restoreTerminal|terminalSize|watchHangup|(?:en|de)code.*)$/;
/** Promises of something to be closed. */
const OPENS = /^openSnapshots$/;
/** The calls of node:fs by which the library changes something. */
const FILES = ['mkdirSync', 'renameSync', 'rmSync', 'rmdirSync', 'unlinkSync', 'writeFileSync', 'symlinkSync', 'linkSync', 'truncateSync'] as const;

/**
 * Stands between the library and everything outside it: the addons, SQLite, and the calls of node:fs that change
 * something. It counts the calls while `watch` runs, and makes one of them fail.
 */
export class Boundary {
  private active = false;
  private count = 0;
  private target = 0;
  private moment: Moment = 'before';
  /** Calls that answer with a promise: each operation runs once before anything is made to fail. */
  private readonly promises = new Set<string>();
  private readonly undo: (() => void)[] = [];
  private onTarget: () => void = () => undefined;
  /** Name of the call that was made to fail. */
  fired: string | undefined;

  constructor() {
    for (const name of ['dockerlite', 'dockerlite-archive', 'dockerlite-net', 'dockerlite-lxc'] as const) this.wrapAddon(name);
    this.wrapSqlite();
    const module = fs as unknown as Record<string, Anything>;
    for (const name of FILES) this.replace(module, name, (original) => this.wrap(name, original, 'file'));
    // Control groups.
    this.promises.add('writeFile');
    this.replace(promises as unknown as Record<string, Anything>, 'writeFile', (original) => this.wrap('writeFile', original, 'file'));
  }

  /** Runs `work`; its n-th call outwards fails. */
  async watch<T>(n: number, moment: Moment, work: () => Promise<T>): Promise<T> {
    Object.assign(this, { active: true, count: 0, target: n, moment, fired: undefined });
    try {
      return await work();
    } finally {
      this.active = false;
    }
  }

  /** Runs `work`; this process is killed at its n-th call outwards. */
  async kill(n: number, work: () => Promise<unknown>): Promise<void> {
    this.onTarget = () => process.kill(process.pid, 'SIGKILL');
    await this.watch(n, 'before', work);
  }

  /** How many there have been in the last `watch`. */
  get calls(): number {
    return this.count;
  }

  remove(): void {
    for (const step of this.undo.reverse()) step();
  }

  private replace(object: Record<string, Anything>, name: string, by: (original: Anything) => Anything): void {
    const original = object[name] as Anything;
    Object.defineProperty(object, name, { value: by(original), configurable: true, writable: true, enumerable: true });
    this.undo.push(() => Object.defineProperty(object, name, { value: original, configurable: true, writable: true, enumerable: true }));
  }

  private wrapAddon(name: keyof Addons): void {
    const addon = loadAddon(name) as unknown as Record<string, Anything>;
    for (const call of Object.keys(addon).filter((key) => typeof addon[key] === 'function' && !CANNOT_FAIL.test(key))) {
      this.replace(addon, call, (original) => this.wrap(call, original, 'call'));
    }
  }

  private wrapSqlite(): void {
    const db = new BetterSqlite(':memory:');
    const statement = Object.getPrototypeOf(db.prepare('SELECT 1')) as Record<string, Anything>;
    const database = BetterSqlite.prototype as unknown as Record<string, Anything>;
    db.close();
    for (const name of ['run', 'get', 'all']) this.replace(statement, name, (original) => this.wrap(name, original, 'sqlite'));
    for (const name of ['exec', 'pragma']) this.replace(database, name, (original) => this.wrap(name, original, 'sqlite'));
  }

  private wrap(name: string, original: Anything, kind: 'call' | 'sqlite' | 'file'): Anything {
    const boundary = this;
    return function (this: unknown, ...args: unknown[]) {
      const run = () => boundary.watchConnections(boundary.learn(name, original.apply(this, args)));
      // Of transactions only the COMMIT may fail: BEGIN is a lock, and a ROLLBACK has nothing left to lose.
      const what = kind === 'sqlite' && this instanceof Object && 'source' in this ? `${name} ${String(this.source)}` : name;
      if (!boundary.counts(what)) return run();
      const error = failure(name, kind);
      // What a call returned that then "failed" could not be closed by anybody.
      const promises = boundary.promises.has(name);
      const after = boundary.moment === 'after' && ((promises && !OPENS.test(name)) || kind === 'file');
      if (!promises) {
        if (after) run();
        throw error;
      }
      return after ? (run() as Promise<unknown>).then(() => Promise.reject(error)) : Promise.reject(error);
    };
  }

  private learn(name: string, result: unknown): unknown {
    if (result instanceof Promise) this.promises.add(name);
    return result;
  }

  /** Frames are sent by methods of what these calls return. */
  private watchConnections(result: unknown): unknown {
    const connection = (result as { connection?: unknown } | undefined)?.connection ?? result;
    const object = connection as Record<string, Anything> | undefined;
    if (this.active && typeof object?.['send'] === 'function') object['send'] = this.wrap('send', object['send'], 'call');
    return result;
  }

  private counts(what: string): boolean {
    if (!this.active || /^run (BEGIN|ROLLBACK)/.test(what)) return false;
    if (++this.count !== this.target) return false;
    this.fired = what;
    this.onTarget();
    return true;
  }
}

function failure(syscall: string, kind: 'call' | 'sqlite' | 'file'): Error {
  if (kind === 'sqlite') return new BetterSqlite.SqliteError('disk I/O error', 'SQLITE_IOERR');
  const { EIO } = constants.errno;
  const error = new Error(`EIO: i/o error, ${syscall}`);
  // Node's own numbers are negative, those of the addons are not.
  return Object.assign(error, { code: 'EIO', errno: kind === 'file' ? -EIO : EIO, syscall });
}
