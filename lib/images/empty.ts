// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import type { Store } from '../store/store';
import { withUndo } from '../util/undo';
import { architecture } from './oci';
import { publishImage } from './publish';

/** The root of all images: an empty tree, there from the start. */
export const EMPTY_IMAGE = 'empty:latest';

export async function createEmptyImage(store: Store): Promise<void> {
  await withUndo(async (undo) => {
    const directory = `${store.layout.tmp}/empty`;
    mkdirSync(directory, { mode: 0o700 });
    undo.add(() => rmSync(directory, { recursive: true, force: true }));
    await btrfs.subvolumeCreate(directory, 'rootfs');
    undo.add(() => btrfs.subvolumeDelete(directory, 'rootfs'));
    const created = new Date().toISOString();
    const oci = {
      created,
      architecture: architecture(),
      os: 'linux' as const,
      config: {},
      rootfs: { type: 'layers' as const, diff_ids: [] },
      history: [{ created, comment: 'empty image (base of all other images)', empty_layer: true }],
    };
    await publishImage(store, `${directory}/rootfs`, { oci, parent: '', size: 0, tag: EMPTY_IMAGE }, undo);
    await btrfs.subvolumeDelete(directory, 'rootfs');
    rmSync(directory, { recursive: true });
  });
}
