// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import type { Store } from '../store/store';
import { currentOwner, isAlive } from '../util/owner';

export interface LayerRow {
  chain_id: string;
  state: 'creating' | 'ready' | 'removing';
  owner: string;
  parent: string;
  diff_id: string;
  blob: string;
  bytes: number;
}

export function layerRow(store: Store, chainId: string): LayerRow | undefined {
  return store.db.get<LayerRow>('SELECT * FROM layers WHERE chain_id = ?', chainId);
}

/** The rows of a chain, from the bottom. */
export function layersOf(store: Store, top: string): LayerRow[] {
  const rows: LayerRow[] = [];
  for (let row = layerRow(store, top); row !== undefined; row = row.parent === '' ? undefined : layerRow(store, row.parent)) rows.unshift(row);
  return rows;
}

/** From now on nobody removes these layers, there or not, until the claim is dropped or its process has ended. */
export function claimLayers(store: Store, claim: string, chain: readonly string[]): void {
  store.db.transaction(() => {
    const owners = store.db.all<{ owner: string }>('SELECT DISTINCT owner FROM layer_claims').filter(({ owner }) => !isAlive(owner));
    for (const { owner } of owners) store.db.run('DELETE FROM layer_claims WHERE owner = ?', owner);
    for (const id of chain) store.db.run('INSERT OR IGNORE INTO layer_claims (claim, chain_id, owner) VALUES (?, ?, ?)', claim, id, currentOwner());
  });
}

export function dropClaim(store: Store, claim: string): void {
  store.db.run('DELETE FROM layer_claims WHERE claim = ?', claim);
}

/** Removes a layer's tree, then its row. Safe to repeat. */
export async function discardLayer(store: Store, chainId: string): Promise<void> {
  const { db, layout } = store;
  await btrfs.subvolumeDelete(layout.layer(chainId), 'rootfs');
  rmSync(layout.layer(chainId), { recursive: true, force: true });
  db.run('DELETE FROM layers WHERE chain_id = ?', chainId);
}

/** Removes the layers from `top` downwards that no image, no other layer and no pull needs, and what was kept of them to push. */
export async function collectLayers(store: Store, top: string): Promise<void> {
  for (let next = top; next !== ''; ) {
    const row = store.db.transaction(() => retire(store, next));
    if (row === undefined) return;
    await discardLayer(store, row.chain_id);
    if (store.db.get('SELECT 1 FROM layers WHERE blob = ?', row.blob) === undefined) discardBlob(store, row.blob);
    next = row.parent;
  }
}

function retire(store: Store, chainId: string): LayerRow | undefined {
  const { db } = store;
  const row = layerRow(store, chainId);
  if (row === undefined || (row.state !== 'ready' && isAlive(row.owner))) return undefined;
  const used =
    db.get('SELECT 1 FROM images WHERE chain = ? LIMIT 1', chainId) !== undefined ||
    db.get('SELECT 1 FROM layers WHERE parent = ? LIMIT 1', chainId) !== undefined ||
    db.all<{ owner: string }>('SELECT owner FROM layer_claims WHERE chain_id = ?', chainId).some(({ owner }) => isAlive(owner));
  if (used) return undefined;
  db.run("UPDATE layers SET state = 'removing', owner = ? WHERE chain_id = ?", currentOwner(), chainId);
  return row;
}

/** Not what another process downloads again by now: who does that says so in a transaction too. */
export function discardBlob(store: Store, hex: string): void {
  const { db, layout } = store;
  db.transaction(() => {
    const { owner = '' } = db.get<{ owner: string }>('SELECT owner FROM blobs WHERE hex = ?', hex) ?? {};
    if (owner !== currentOwner() && isAlive(owner)) return;
    for (const name of [hex, `${hex}.part`]) rmSync(layout.blob(name), { force: true });
    db.run('DELETE FROM blobs WHERE hex = ?', hex);
  });
}
