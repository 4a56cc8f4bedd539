// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import { randomId } from '../util/id';
import { beginWork, currentOwner, isAtWork } from '../util/owner';
import type { Layout } from './layout';

/**
 * A directory in the store for work in progress, with at most one subvolume `rootfs` in it. Its name says which process
 * works there, so that what a killed process leaves behind is known to be garbage.
 */
export class Workspace {
  private constructor(
    readonly path: string,
    private readonly end: () => void,
  ) {}

  static create(layout: Layout, purpose: string): Workspace {
    const name = `${purpose},${currentOwner()},${randomId().slice(0, 12)}`;
    mkdirSync(`${layout.tmp}/${name}`, { mode: 0o700 });
    return new Workspace(`${layout.tmp}/${name}`, beginWork(name));
  }

  get rootfs(): string {
    return `${this.path}/rootfs`;
  }

  /** Safe to repeat. */
  async remove(): Promise<void> {
    try {
      await discardWorkspace(this.path);
    } finally {
      this.end();
    }
  }
}

/** Removes what killed processes left. One readdir(3) of a directory that is nearly always empty. */
export async function sweepWorkspaces(layout: Layout): Promise<string[]> {
  const dead = readdirSync(layout.tmp).filter(isAbandoned);
  for (const name of dead) await discardWorkspace(`${layout.tmp}/${name}`);
  return dead;
}

/** Whether the process that the workspace of this name was made by is gone. */
export function isAbandoned(name: string): boolean {
  return !isAtWork(name.split(',')[1] ?? '', name);
}

export async function discardWorkspace(path: string): Promise<void> {
  await btrfs.subvolumeDelete(path, 'rootfs');
  rmSync(path, { recursive: true, force: true });
}
