// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import { randomId } from '../util/id';
import { currentOwner, isAlive } from '../util/owner';
import type { Layout } from './layout';

/**
 * A directory in the store for work in progress, with at most one subvolume `rootfs` in it. Its name says which process
 * works there, so that what a killed process leaves behind is known to be garbage.
 */
export class Workspace {
  private constructor(readonly path: string) {}

  static create(layout: Layout, purpose: string): Workspace {
    const path = `${layout.tmp}/${purpose},${currentOwner()},${randomId().slice(0, 12)}`;
    mkdirSync(path, { mode: 0o700 });
    return new Workspace(path);
  }

  get rootfs(): string {
    return `${this.path}/rootfs`;
  }

  /** Safe to repeat. */
  async remove(): Promise<void> {
    await discardWorkspace(this.path);
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
  return !isAlive(name.split(',')[1] ?? '');
}

export async function discardWorkspace(path: string): Promise<void> {
  await btrfs.subvolumeDelete(path, 'rootfs');
  rmSync(path, { recursive: true, force: true });
}
