// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import { quotaMode, quotaSizes } from '../binding/quota';
import type { Store } from './store';

/** What containers, or volumes, have written and still hold, in bytes, in the order of `subvolumes`; undefined without simple quotas. */
async function writtenSizes(store: Store, subvolumes: string[]): Promise<number[] | undefined> {
  const { root } = store.layout;
  if (subvolumes.length === 0 || (await quotaMode(root)) !== 'simple') return undefined;
  // Counted is what has been written out.
  await btrfs.sync(root);
  return quotaSizes(root, subvolumes);
}

/**
 * Bytes each container has written since its image, subvolumes made inside it included. No tree is walked; empty where the
 * store's file system has no simple quotas.
 */
export async function containerSizes(store: Store, ids: string[]): Promise<Map<string, number>> {
  const sizes = await writtenSizes(store, ids.map((id) => store.layout.containerRootfs(id)));
  return new Map(sizes?.map((size, index) => [ids[index] as string, size]));
}

/** The same of volumes; what a volume began with, an image's files or another volume's, is not counted. */
export async function volumeSizes(store: Store, names: string[]): Promise<Map<string, number>> {
  const sizes = await writtenSizes(store, names.map((name) => store.layout.volumeData(name)));
  return new Map(sizes?.map((size, index) => [names[index] as string, size]));
}
