// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import type { StateDatabase } from '../store/database';
import type { Store } from '../store/store';
import { currentOwner, isAlive, processOf } from '../util/owner';
import { type EngineEvent, parseEvent } from './event';
import { type EventAttributes, eventLine, type EventType, writeLine } from './journal';
import { pastLines } from './past';

interface Posted {
  id: number;
  owner: string;
  line: string;
}

/** This process's rows whose lines are in the journal. They are deleted along with its next change, which costs no transaction. */
const told = new WeakMap<StateDatabase, number[]>();

/**
 * Notes what a transaction changes, in that transaction: told when it has been committed, and not when it is rolled back. Should
 * this process be killed between the two, the next one tells it.
 */
export function postEvent(store: Pick<Store, 'db' | 'layout'>, type: EventType, action: string, id: string, attributes: EventAttributes = {}): void {
  const { db } = store;
  const line = eventLine(type, action, id, attributes);
  db.transaction(() => {
    const row = insert(db, line);
    db.afterCommit(() => tell(store, row, line));
  });
}

/** What has been begun: it is told when it is done, or after the death of this process by the next one, which does the rest of it where that is possible. */
export interface Announced {
  /** No other one has it. */
  id: number;
  tell(): void;
  /** It has been taken back. */
  withdraw(): void;
}

/** Does what nobody else could do the rest of. Of a process that is killed meanwhile the next one tells it, as some of it, or all, has been done. */
export async function tellWhenDone<T>(announced: Announced, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    try {
      announced.withdraw();
    } catch {
      // it is told when this process has ended
    }
    throw error;
  }
  announced.tell();
  return result;
}

/** Of these the rest is done before they are told. (Nothing is left of the update of a container that does not run.) */
const ANNOUNCED = /^{"Type":"(?:network","Action":"(?:dis)?connect|container","Action":"update)"/;

/** Notes, in the transaction that is open, what takes more than that transaction: told once, even if this process is killed half-way. */
export function announceEvent(store: Pick<Store, 'db' | 'layout'>, type: EventType, action: string, id: string, attributes: EventAttributes): Announced {
  const line = eventLine(type, action, id, attributes);
  return announced(store, insert(store.db, line), line);
}

function announced(store: Pick<Store, 'db' | 'layout'>, id: number, line: string): Announced {
  return { id, tell: () => tell(store, id, line), withdraw: () => void store.db.run('DELETE FROM outbox WHERE id = ?', id) };
}

/** Whether what has that id has not been told. */
export function isAnnounced({ db }: Pick<Store, 'db'>, id: number): boolean {
  return db.get('SELECT 1 FROM outbox WHERE id = ?', id) !== undefined && told.get(db)?.includes(id) !== true;
}

/** Whether there is something that processes that were killed had announced. Cheap. */
export function hasAnnounced({ db }: Pick<Store, 'db'>): boolean {
  return abandoned(db).length > 0;
}

function abandoned(db: StateDatabase): Posted[] {
  return orphans(db).filter(({ owner, line }) => ANNOUNCED.test(line) && processOf(owner) !== undefined);
}

/** What of that they may not have done; it is this process's from now on. */
export function takeAnnounced(store: Pick<Store, 'db' | 'layout'>): { event: EngineEvent; announced: Announced }[] {
  const known = new Set(pastLines(store));
  return abandoned(store.db).flatMap(({ id, owner, line }) => {
    const event = known.has(line) ? undefined : parseEvent(line);
    if (event === undefined) return [];
    const taken = store.db.run('UPDATE outbox SET owner = ? WHERE id = ? AND owner = ?', currentOwner(), id, owner) > 0;
    return taken ? [{ event, announced: announced(store, id, line) }] : [];
  });
}

function insert(db: StateDatabase, line: string): number {
  deleteTold(db);
  return db.get<Pick<Posted, 'id'>>('INSERT INTO outbox (owner, line) VALUES (?, ?) RETURNING id', currentOwner(), line)?.id ?? 0;
}

function tell(store: Pick<Store, 'db' | 'layout'>, id: number, line: string): void {
  writeLine(store, line);
  const ids = told.get(store.db);
  if (ids === undefined) told.set(store.db, [id]);
  else ids.push(id);
}

/** For a process that changes nothing more: otherwise the next one had to read the journal. */
export function clearTold(db: StateDatabase): void {
  if (!told.has(db) || db.isClosed) return;
  try {
    db.transaction(() => deleteTold(db));
  } catch {
    // the next process does it
  }
}

/** What is rolled back stays for the next process, which finds that it has been told. */
function deleteTold(db: StateDatabase): void {
  const ids = told.get(db) ?? [];
  told.delete(db);
  for (const id of ids) db.run('DELETE FROM outbox WHERE id = ?', id);
}

/** Tells what processes that were killed did not come to tell; cheap when there is nothing. */
export function tellPosted(store: Pick<Store, 'db' | 'layout'>): void {
  const { db } = store;
  if (orphans(db).length === 0) return;
  try {
    // One process at a time. One that is killed in here leaves the rows, whose lines the next one then finds in the journal.
    db.transaction(() => {
      const lines = pastLines(store);
      const known = new Set(lines);
      for (const { id, owner, line } of orphans(db)) {
        const isForgotten = processOf(owner) === undefined || isOlder(store, line, lines[0]);
        if (ANNOUNCED.test(line) && !known.has(line) && !isForgotten) continue; // it is to be done first
        db.run('DELETE FROM outbox WHERE id = ?', id);
        // The killed process may have left half of a line: this one begins on its own.
        if (!known.has(line) && !isForgotten) writeLine(store, `\n${line}`);
      }
    });
  } catch {
    // The disk is full, for one: that must not keep anybody from making room.
  }
}

/** There may be thousands of one process that lives, which deletes them with its next change. */
function orphans(db: StateDatabase): Posted[] {
  const dead = db.all<Pick<Posted, 'owner'>>('SELECT DISTINCT owner FROM outbox').filter(({ owner }) => !isAlive(owner));
  if (dead.length === 0) return [];
  return db.all<Posted>('SELECT id, owner, line FROM outbox WHERE owner IN (SELECT value FROM json_each(?)) ORDER BY id', JSON.stringify(dead.map(({ owner }) => owner)));
}

/** The journal had it, if at all, in a part that is gone by now. */
function isOlder({ layout }: Pick<Store, 'layout'>, line: string, oldest = ''): boolean {
  const [own, first] = [parseEvent(line), parseEvent(oldest)];
  return own !== undefined && first !== undefined && own.timeNano < first.timeNano && existsSync(`${layout.journal}.1`);
}
