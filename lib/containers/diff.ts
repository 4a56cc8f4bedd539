// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import type { Context } from '../context';
import { Workspace } from '../store/workspace';
import type { ContainerRow } from './record';

export interface Change {
  kind: 'added' | 'changed' | 'deleted' | 'renamed';
  /** Absolute path in the container. */
  path: string;
  /** The old path of a rename. */
  from?: string;
}

/**
 * What a container changed since its image, read from the kernel's send stream without file data: the cost is that of
 * the changes, not of the tree.
 */
export async function* containerDiff(context: Context, row: ContainerRow): AsyncGenerator<Change> {
  const { layout } = context.store;
  const base = `${layout.image(row.image)}/${row.base}`;
  const workspace = Workspace.create(layout, 'diff');
  try {
    await btrfs.snapshotCreate(layout.containerRootfs(row.id), workspace.path, 'rootfs', true);
    const changes = await btrfs.sendDiff(base, workspace.rootfs);
    for (const change of changes) {
      yield {
        kind: change.kind,
        path: `/${change.path.toString()}`,
        ...(change.from === undefined ? {} : { from: `/${change.from.toString()}` }),
      };
    }
  } finally {
    await workspace.remove();
  }
}
