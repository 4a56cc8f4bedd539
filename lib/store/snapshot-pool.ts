// SPDX-License-Identifier: Apache-2.0
import { promises, readdirSync, rename, rmdirSync, rmSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import { randomId } from '../util/id';
import { atWork, currentOwner, isAtWork } from '../util/owner';
import type { Layout } from './layout';

/**
 * Ready snapshots of images: a snapshot waits 2-4 ms for a transaction commit, a rename(2) takes 50 us. Any process may
 * take one, rename lets exactly one win. Images never change, so a ready snapshot is never stale; it goes with its image.
 */
export class SnapshotPool {
  private readonly refills = new Map<string, Promise<void>>();
  /** Names seen in the pools: reading a directory costs as much as taking something out of it. */
  private readonly known = new Map<string, string[]>();

  constructor(
    private readonly layout: Layout,
    /** How many to keep ready per image that is being used; 0 turns the pool off. */
    readonly target: number,
  ) {}

  /** Moves a ready snapshot's directory to `directory`; false when there is none. A rename may wait for a commit. */
  async take(imageId: string, directory: string): Promise<boolean> {
    if (this.target === 0) return false;
    const pool = this.layout.imagePool(imageId);
    const known = this.known.get(imageId) ?? visible(readdirQuietly(pool));
    this.known.set(imageId, known);
    for (let name = known.pop(); name !== undefined; name = known.pop()) {
      try {
        await renamed(`${pool}/${name}`, directory);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // somebody else was faster
      }
    }
    return false;
  }

  /**
   * Brings the pool of an image back to its target, behind whatever the caller does next, when half of it is gone: snapshots that
   * are made together share a commit, which is most of their cost.
   */
  refill(imageId: string, source: string): void {
    if (this.target === 0 || (this.known.get(imageId)?.length ?? 0) > this.target / 2 || this.refills.has(imageId)) return;
    const work = this.fill(imageId, source)
      .catch(() => undefined) // a pool is a convenience: the next create makes its own snapshot and reports what is wrong
      .finally(() => this.refills.delete(imageId));
    this.refills.set(imageId, work);
  }

  /** Waits for refills under way. */
  async settled(): Promise<void> {
    await Promise.all(this.refills.values());
  }

  /** Deletes an image's ready snapshots. */
  async drain(imageId: string): Promise<void> {
    await this.refills.get(imageId);
    this.known.delete(imageId);
    const pool = this.layout.imagePool(imageId);
    // Another process that has just used the image may be filling it: what comes after this is found to be without an image.
    for (let attempt = 0; attempt < 10; attempt++) {
      for (const name of readdirQuietly(pool)) await this.discard(`${pool}/${name}`);
      if (isRemoved(pool)) return;
    }
  }

  /** Deletes these entries of an image's pool. */
  async discardNames(imageId: string, names: string[]): Promise<void> {
    for (const name of names) await this.discard(`${this.layout.imagePool(imageId)}/${name}`);
  }

  private async fill(imageId: string, source: string): Promise<void> {
    const pool = this.layout.imagePool(imageId);
    const names = await promises.readdir(pool).catch(() => promises.mkdir(pool, { recursive: true, mode: 0o700 }).then(() => []));
    await this.discardNames(imageId, names.filter(isUnfinished));
    const present = visible(names);
    this.known.set(imageId, present);
    const missing = this.target - present.length;
    if (missing <= 0) return;
    // Made under a dotted name, which take() does not see and which says whose it is, until the snapshot is there.
    const made = Array.from({ length: missing }, () => `.${currentOwner()},${randomId().slice(0, 16)}`);
    await atWork(made, () => this.make(imageId, made, source));
  }

  private async make(imageId: string, names: string[], source: string): Promise<void> {
    const pool = this.layout.imagePool(imageId);
    const requests = names.map((name) => ({ source, parent: `${pool}/${name}`, name: 'rootfs' }));
    const answers = await btrfs.snapshotBatch(requests, names.length);
    for (const [index, { parent }] of requests.entries()) {
      const name = parent.slice(parent.lastIndexOf(',') + 1);
      if (answers[index] !== null) await this.discard(parent);
      else await promises.rename(parent, `${pool}/${name}`).then(() => this.known.get(imageId)?.push(name));
    }
  }

  private async discard(directory: string): Promise<void> {
    await btrfs.subvolumeDelete(directory, 'rootfs');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Was being made by a process that is gone. */
export function isUnfinished(name: string): boolean {
  return name.startsWith('.') && !isAtWork(name.slice(1).split(',')[0] ?? '', name);
}

/** node:fs/promises takes a command line longer to load than this takes. */
function renamed(from: string, to: string): Promise<void> {
  return new Promise((resolve, reject) => rename(from, to, (error) => (error === null ? resolve() : reject(error))));
}

function visible(names: string[]): string[] {
  return names.filter((name) => !name.startsWith('.'));
}

function isRemoved(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY') return false;
    throw error;
  }
}

function readdirQuietly(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
