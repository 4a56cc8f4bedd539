// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import type { Store } from '../store/store';
import { Workspace } from '../store/workspace';

/**
 * The tree that layers are unpacked into, one over the other; a snapshot of it is what is kept of each. So a layer costs one
 * commit of the file system, and not another for a tree of its own.
 */
export class LayerTree {
  private workspace: Workspace | undefined;
  /** What it is a copy of: a chain id, '' when it is empty. */
  private at: string | undefined;

  constructor(private readonly store: Store) {}

  /** The tree as it is after this layer. Whoever changes it says in the end what it is, or throws it away. */
  async after(id: string): Promise<string> {
    if (this.at !== id) {
      await this.discard();
      this.workspace = Workspace.create(this.store.layout, 'layer');
      if (id === '') await btrfs.subvolumeCreate(this.workspace.path, 'rootfs');
      else await btrfs.snapshotCreate(this.store.layout.layerRootfs(id), this.workspace.path, 'rootfs', false);
    }
    this.at = undefined;
    return (this.workspace as Workspace).rootfs;
  }

  /** Keeps it as this layer. What the layer is made of is on the disk when this returns, and only then anybody may be told of it. */
  async keep(id: string): Promise<void> {
    const { layout } = this.store;
    if (existsSync(layout.layer(id))) await btrfs.subvolumeDelete(layout.layer(id), 'rootfs');
    mkdirSync(layout.layer(id), { recursive: true, mode: 0o700 });
    await btrfs.snapshotCreate((this.workspace as Workspace).rootfs, layout.layer(id), 'rootfs', true);
    this.at = id;
  }

  /** Its path, if it is this layer, kept: on the disk, and nobody's any more. Whoever wants it takes it away before `discard`. */
  leftover(id: string): string | undefined {
    return this.at === id ? this.workspace?.rootfs : undefined;
  }

  /** Safe to repeat. */
  async discard(): Promise<void> {
    this.at = undefined;
    await this.workspace?.remove();
    this.workspace = undefined;
  }
}
