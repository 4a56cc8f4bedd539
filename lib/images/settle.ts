// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { isAlive } from '../util/owner';
import { discardImage } from './publish';
import type { ImageRow } from './record';

/** Removes what killed processes left of images they were making or removing. An index holds those rows. */
export async function settleImages(store: Store): Promise<void> {
  const unfinished = store.db.all<ImageRow>("SELECT * FROM images WHERE state <> 'ready'");
  for (const row of unfinished) {
    if (!isAlive(row.owner)) await discardImage(store, row.id);
  }
}
