// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { layersOf } from './layer-rows';
import type { ImageRow, OciImage } from './record';

/** A step of how an image came to be. */
export interface HistoryEntry {
  /** 64 hex digits of the image itself for the newest; '' for the others, which are no images here. */
  id: string;
  /** ms since the epoch. */
  created: number;
  createdBy: string;
  /** Bytes of file content its layer has. */
  size: number;
  comment: string;
}

/** Newest first. */
export function imageHistory(store: Store, row: ImageRow): HistoryEntry[] {
  const { history } = JSON.parse(row.config) as OciImage;
  const sizes = layersOf(store, row.chain).map(({ bytes }) => bytes);
  const withLayer = history.filter((entry) => entry.empty_layer !== true);
  // An image that was never pushed has no layers yet: its content is its last step's.
  const known = sizes.length === withLayer.length;
  let layer = 0;
  const entries = history.map((entry) => {
    const size = entry.empty_layer === true ? 0 : known ? (sizes[layer++] ?? 0) : entry === withLayer.at(-1) ? row.size : 0;
    return { id: '', created: Date.parse(entry.created), createdBy: entry.created_by ?? '', size, comment: entry.comment ?? '' };
  });
  const [newest, ...older] = entries.reverse();
  return newest === undefined ? [] : [{ ...newest, id: row.id }, ...older];
}
