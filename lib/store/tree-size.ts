// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import { filesBelow, sumSizes } from '../util/file-sizes';
import type { Layout } from './layout';
import { Workspace } from './workspace';

/** Bytes of the files in a subvolume. Nobody can put a link in the way while a snapshot of it is walked through. @throws E_ABORTED */
export async function subvolumeSize(layout: Layout, path: string, signal?: AbortSignal): Promise<number> {
  const workspace = Workspace.create(layout, 'size');
  try {
    await btrfs.snapshotCreate(path, workspace.path, 'rootfs', true);
    return await sumSizes(await filesBelow(Buffer.from(workspace.rootfs), signal), signal);
  } finally {
    await workspace.remove();
  }
}
