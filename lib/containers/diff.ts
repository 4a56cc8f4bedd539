// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import type { NativeChange } from '../binding/types';
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

/** What a container changed since its image. */
export async function* containerDiff(context: Context, row: ContainerRow): AsyncGenerator<Change> {
  for (const change of await withChanges(context, row, async (changes) => changes)) {
    yield {
      kind: change.kind,
      path: `/${change.path.toString()}`,
      ...(change.from === undefined ? {} : { from: `/${change.from.toString()}` }),
    };
  }
}

/**
 * Calls `use` with what a container changed and a read-only snapshot of it, read from the kernel's send stream without file
 * data: the cost is that of the changes, not of the tree.
 */
export async function withChanges<T>({ store }: Pick<Context, 'store'>, row: ContainerRow, use: (changes: NativeChange[], rootfs: string) => Promise<T>): Promise<T> {
  const { layout } = store;
  const workspace = Workspace.create(layout, 'diff');
  try {
    await btrfs.snapshotCreate(layout.containerRootfs(row.id), workspace.path, 'rootfs', true);
    return await use(await btrfs.sendDiff(`${layout.image(row.image)}/${row.base}`, workspace.rootfs), workspace.rootfs);
  } finally {
    await workspace.remove();
  }
}
