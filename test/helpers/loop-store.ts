// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';

const MIB = 1024 ** 2;
const open = new Set<LoopStore>();

/**
 * A btrfs file system of a test's own: a sparse image in a temporary directory, mounted on `path`. What a test leaves
 * behind goes when the process exits, at the latest.
 */
export class LoopStore implements AsyncDisposable {
  private constructor(
    readonly directory: string,
    readonly image: string,
    /** Where it is mounted. */
    readonly path: string,
  ) {}

  /** `options` of mkfs.btrfs: `--mixed` allows file systems of 16 MiB. */
  static async create(mebibytes = 1024, options: string[] = []): Promise<LoopStore> {
    const directory = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
    const self = new LoopStore(directory, join(directory, 'btrfs.img'), join(directory, 'mnt'));
    open.add(self);
    try {
      makeImage(self.image, mebibytes, options);
      mkdirSync(self.path);
      await btrfs.mountLoop(self.image, self.path);
    } catch (error) {
      await self.remove();
      throw error;
    }
    return self;
  }

  /** Unmounts and deletes everything; safe to call again. */
  async remove(): Promise<void> {
    if (!open.delete(this)) return;
    // What is mounted inside keeps it busy: lazily then, the loop device goes with the last user.
    await btrfs.unmount(this.path).catch(() => detach(this.path));
    rmSync(this.directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }

  removeNow(): void {
    if (!open.delete(this)) return;
    detach(this.path);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** An empty btrfs image of this size. */
export function makeImage(path: string, mebibytes: number, options: string[] = []): void {
  writeFileSync(path, '', { flag: 'wx' });
  truncateSync(path, mebibytes * MIB);
  execFileSync('mkfs.btrfs', ['-q', ...options, path], { stdio: 'pipe' });
}

function detach(path: string): void {
  if (!existsSync(path)) return;
  try {
    execFileSync('umount', ['-l', '-R', path], { stdio: 'pipe' });
  } catch {
    // not mounted
  }
}

process.once('exit', () => {
  for (const one of [...open]) one.removeNow();
});
