// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import * as btrfs from '../binding/btrfs';
import { DockerliteError } from '../errors';
import { currentOwner, isAlive } from '../util/owner';
import { Layout } from './layout';
import { readMarker } from './store';

/** How a store is kept. */
export type Backing = 'subvolume' | 'loop' | 'device';

/**
 * `ROOT.init`, there while a store is being made: what has been begun beside and on its root, which held nothing before.
 * When its process is gone, the next init takes that back.
 */
export interface InitJournal {
  owner: string;
  backing: Backing;
  /** The root was an empty directory before. */
  existed: boolean;
}

/** Durable before anything else is made. @throws E_CONFLICT when somebody else is at it */
export function beginInit(root: string, backing: Backing): InitJournal {
  const journal: InitJournal = { owner: currentOwner(), backing, existed: existsSync(root) };
  let fd: number;
  try {
    fd = openSync(Layout.initJournal(root), 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw underWay(root);
    throw error;
  }
  try {
    writeSync(fd, JSON.stringify(journal));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return journal;
}

export function endInit(root: string): void {
  rmSync(Layout.initJournal(root), { force: true });
}

/** Takes back what an init has done; safe to repeat, and after any part of it was done. */
export async function undoInit(root: string, { backing, existed }: InitJournal): Promise<void> {
  if (backing === 'subvolume') {
    if (await isSubvolume(root)) await btrfs.subvolumeDelete(dirname(root), basename(root));
  } else {
    await btrfs.unmount(root).catch(() => undefined); // not mounted yet
    rmSync(backing === 'loop' ? Layout.loopImage(root) : Layout.deviceFile(root), { force: true });
  }
  if (existed) mkdirSync(root, { recursive: true });
  else if (existsSync(root)) rmdirSync(root);
  endInit(root);
}

/** Finishes or takes back an init whose process was killed. @throws E_CONFLICT while it is under way */
export async function settleInit(root: string): Promise<void> {
  const path = Layout.initJournal(root);
  if (!existsSync(path)) return;
  const journal = read(path);
  if (journal !== undefined && isAlive(journal.owner)) throw underWay(root);
  const taken = `${path}.${process.pid}`;
  try {
    renameSync(path, taken); // one of several wins
  } catch {
    throw underWay(root);
  }
  // A journal that cannot be read was being written: nothing else was done yet.
  if (journal !== undefined && !(await isComplete(root, journal))) await undoInit(root, journal);
  rmSync(taken);
}

/** The marker is the last thing that is made. After a reboot it is inside of what must be mounted first. */
async function isComplete(root: string, { backing }: InitJournal): Promise<boolean> {
  if (readMarker(root) !== undefined) return true;
  if (backing !== 'loop' || !existsSync(root)) return false;
  await btrfs.mountLoop(Layout.loopImage(root), root).catch(() => undefined); // it may not even be formatted
  return readMarker(root) !== undefined;
}

async function isSubvolume(path: string): Promise<boolean> {
  return btrfs.subvolumeInfo(path).then(
    () => true,
    () => false,
  );
}

function read(path: string): InitJournal | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as InitJournal;
  } catch {
    return undefined;
  }
}

function underWay(root: string): DockerliteError {
  return new DockerliteError('E_CONFLICT', `another process is making a store at ${root}`, { path: root });
}
