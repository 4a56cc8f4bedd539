// SPDX-License-Identifier: Apache-2.0
import { existsSync, statSync } from 'node:fs';
import type { Store } from '../store/store';
import { isAlive } from '../util/owner';
import { collectLayers, discardBlob, type LayerRow } from './layer-rows';

/** Topmost layers of pulls that did not come to their end: the next one would begin with them. */
export function unusedLayers(store: Store): LayerRow[] {
  const tops = store.db.all<LayerRow>("SELECT * FROM layers WHERE state = 'ready' AND chain_id NOT IN (SELECT chain FROM images) AND chain_id NOT IN (SELECT parent FROM layers)");
  const isClaimed = (id: string) => store.db.all<{ owner: string }>('SELECT owner FROM layer_claims WHERE chain_id = ?', id).some(({ owner }) => isAlive(owner));
  return tops.filter(({ chain_id: id }) => existsSync(store.layout.layerRootfs(id)) && !isClaimed(id));
}

/** Hex digits of downloads that nobody is at work on and no layer was made of. */
export function abandonedDownloads(store: Store): string[] {
  const rows = store.db.all<{ hex: string; owner: string }>('SELECT hex, owner FROM blobs WHERE hex NOT IN (SELECT blob FROM layers)');
  return rows.filter(({ owner }) => !isAlive(owner)).map(({ hex }) => hex);
}

/** Removes both; bytes that were in them, compressed or not, which `removes` hears of in a transaction. */
export async function pruneLayers(store: Store, removes: (bytes: number) => void): Promise<number> {
  let reclaimed = 0;
  for (const { chain_id: id, bytes } of unusedLayers(store)) {
    store.db.transaction(() => removes(bytes));
    await collectLayers(store, id);
    reclaimed += bytes;
  }
  for (const hex of abandonedDownloads(store)) {
    const bytes = [hex, `${hex}.part`].reduce((sum, name) => sum + (statSync(store.layout.blob(name), { throwIfNoEntry: false })?.size ?? 0), 0);
    store.db.transaction(() => {
      discardBlob(store, hex);
      removes(bytes);
    });
    reclaimed += bytes;
  }
  return reclaimed;
}
