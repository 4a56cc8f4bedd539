// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { isAlive, isAtWork } from '../util/owner';
import { discardImage } from './publish';
import { discardLayer } from './layer-rows';

/** Removes what killed processes left of images and layers they were making or removing. Indexes hold those rows. */
export async function settleImages(store: Store): Promise<void> {
  const unfinished = store.db.all<{ kind: string; id: string; owner: string }>(
    "SELECT 'image' AS kind, id, owner FROM images WHERE state <> 'ready' UNION ALL SELECT 'layer', chain_id, owner FROM layers WHERE state <> 'ready'",
  );
  for (const { kind, id, owner } of unfinished) {
    if (kind === 'image' && !isAtWork(owner, id)) await discardImage(store, id);
    else if (kind === 'layer' && !isAlive(owner)) await discardLayer(store, id);
  }
}
