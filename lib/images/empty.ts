// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import type { Store } from '../store/store';
import { Workspace } from '../store/workspace';
import { withUndo } from '../util/undo';
import { architecture } from './oci';
import { publishImage } from './publish';

/** The root of all images: an empty tree, there from the start. */
export const EMPTY_IMAGE = 'empty:latest';

export async function createEmptyImage(store: Store): Promise<void> {
  await withUndo(async (undo) => {
    const workspace = Workspace.create(store.layout, 'empty');
    undo.add(() => workspace.remove());
    await btrfs.subvolumeCreate(workspace.path, 'rootfs');
    const created = new Date().toISOString();
    const oci = {
      created,
      architecture: architecture(),
      os: 'linux' as const,
      config: {},
      rootfs: { type: 'layers' as const, diff_ids: [] },
      history: [{ created, comment: 'empty image (base of all other images)', empty_layer: true }],
    };
    await publishImage(store, workspace.rootfs, { oci, parent: '', size: 0, tag: EMPTY_IMAGE }, undo);
    await workspace.remove();
  });
}
