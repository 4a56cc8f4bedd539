// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { pruning } from '../events/prune';
import { checkAborted } from '../util/aborted';
import { type LabelFilters, matchesLabels } from '../util/labels';
import { listImages } from './list';
import type { Image } from './record';
import { removeImage, type RemovedImage } from './remove';
import { ownSize } from './shared-size';
import { pruneLayers } from './unused-layers';

export interface PruneImagesOptions {
  /** Those with a name too, when no container was made from them. */
  all?: boolean;
  /** Only what was made until then, ms since the epoch. */
  until?: number;
  filters?: LabelFilters;
  /** Leaves the rest. */
  signal?: AbortSignal;
}

export interface PrunedImages {
  images: RemovedImage[];
  /** Bytes that no other image has. */
  reclaimed: number;
}

/** Removes images that nothing refers to, and what interrupted pulls left. */
export async function pruneImages(context: Context, options: PruneImagesOptions): Promise<PrunedImages> {
  const { store } = context;
  const { all = false, until = Infinity, filters, signal } = options;
  const list = listImages(store, {});
  const used = new Set(store.db.all<{ image: string }>('SELECT DISTINCT image FROM containers').map(({ image }) => image));
  const isWanted = (image: Image) => image.created <= until && matchesLabels(image.oci.config.Labels ?? {}, filters);
  return pruning(store, 'image', async ({ removes }) => {
    const images: RemovedImage[] = [];
    let reclaimed = 0;
    for (const image of list) {
      checkAborted(signal);
      if (used.has(image.id) || (!all && image.tags.length > 0) || !isWanted(image)) continue;
      const size = ownSize(image, list);
      const removed = await removeQuietly(context, image, () => removes(size));
      if (removed.deleted !== undefined) reclaimed += size;
      if (removed.deleted !== undefined || removed.untagged.length > 0) images.push(removed);
    }
    checkAborted(signal);
    reclaimed += await pruneLayers(store, removes);
    return { images, reclaimed };
  });
}

/** Name by name, so that one which is given or taken away meanwhile counts. */
async function removeQuietly(context: Context, { id, tags }: Image, also: () => void): Promise<RemovedImage> {
  const result: RemovedImage = { untagged: [], deleted: undefined };
  try {
    for (const name of tags.length > 0 ? tags : [id]) {
      const { untagged, deleted } = await removeImage(context, name, {}, also);
      result.untagged.push(...untagged);
      result.deleted = deleted ?? result.deleted;
    }
  } catch (error) {
    if (!(error instanceof DockerliteError) || !['E_CONFLICT', 'E_NO_SUCH_IMAGE'].includes(error.code)) throw error;
  }
  return result;
}
