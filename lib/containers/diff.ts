// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import type { NativeChange } from '../binding/types';
import type { Context } from '../context';
import { Workspace } from '../store/workspace';
import { checkAborted, unlessAborted } from '../util/aborted';
import type { ContainerRow } from './record';

export interface DiffOptions {
  signal?: AbortSignal;
}

export interface Change {
  kind: 'added' | 'changed' | 'deleted' | 'renamed';
  /** Absolute path in the container. */
  path: string;
  /** The old path of a rename. */
  from?: string;
}

/** What a container changed since its image. @throws E_ABORTED */
export async function* containerDiff(context: Context, row: ContainerRow, { signal }: DiffOptions = {}): AsyncGenerator<Change> {
  checkAborted(signal);
  // What the kernel has begun to compare it compares; the snapshot goes when it has.
  const changes = await unlessAborted(withChanges(context, row, async (found) => found, signal), signal);
  for (const change of changes) {
    checkAborted(signal);
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
export async function withChanges<T>({ store }: Pick<Context, 'store'>, row: ContainerRow, use: (changes: NativeChange[], rootfs: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
  const { layout } = store;
  const workspace = Workspace.create(layout, 'diff');
  try {
    await btrfs.snapshotCreate(layout.containerRootfs(row.id), workspace.path, 'rootfs', true);
    checkAborted(signal);
    const changes = await btrfs.sendDiff(`${layout.image(row.image)}/${row.base}`, workspace.rootfs);
    checkAborted(signal);
    return await use(changes, workspace.rootfs);
  } finally {
    await workspace.remove();
  }
}
