// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as btrfs from '../binding/btrfs';
import type { Context } from '../context';
import type { Store } from '../store/store';
import { Workspace } from '../store/workspace';
import { isAlive } from '../util/owner';
import { withUndo } from '../util/undo';
import { layersOf } from './layer-rows';
import type { LayerChain } from './layers';
import { discardImage, publishImage } from './publish';
import type { ImageRow } from './record';
import { parseImageConfig } from './remote-config';

/** ms between two looks at what another process makes. */
const POLL = 100;

export interface PulledParts {
  /** Byte for byte: its digest is the image's id. */
  config: Buffer;
  /** Of the layers, which the store has. */
  chain: Pick<LayerChain, 'ids' | 'leftover'>;
  /** Byte for byte, as a registry has it; pushed again as it is. */
  manifest: Buffer;
  /** repository:tag */
  tags: readonly string[];
  /** repository@digest */
  repoDigests: readonly string[];
  /** Tells of it, in the transaction in which it is there. */
  tell: (id: string) => void;
}

/** Makes an image of layers, or gives the one that is there its further names. */
export async function publishPulled(context: Context, parts: PulledParts): Promise<{ id: string; isNew: boolean }> {
  const { store } = context;
  const id = createHash('sha256').update(parts.config).digest('hex');
  for (;;) {
    const row = store.db.get<ImageRow>('SELECT * FROM images WHERE id = ?', id);
    if (row?.state === 'ready' && row.received !== '') {
      const { withdrawReceived } = require('./snapshot/withdraw') as typeof import('./snapshot/withdraw');
      const names = await withdrawReceived(context, id);
      parts = { ...parts, tags: [...new Set([...names, ...parts.tags])] };
      continue;
    }
    if (row?.state === 'ready') return { id, isNew: store.db.transaction(() => name(store, id, parts)) };
    if (row !== undefined && isAlive(row.owner)) {
      await sleep(POLL);
      continue;
    }
    if (row !== undefined) await discardImage(store, id);
    try {
      await publishNew(store, id, parts);
      return { id, isNew: true };
    } catch (error) {
      // Somebody else made the same one meanwhile.
      if (store.db.get('SELECT 1 FROM images WHERE id = ?', id) === undefined) throw error;
    }
  }
}

async function publishNew(store: Store, id: string, parts: PulledParts): Promise<void> {
  const { ids, leftover } = parts.chain;
  const oci = parseImageConfig(parts.config, ids.length);
  const top = ids.at(-1) ?? '';
  const size = layersOf(store, top).reduce((sum, layer) => sum + layer.bytes, 0);
  await withUndo(async (undo) => {
    const workspace = top === '' ? Workspace.create(store.layout, 'empty') : undefined;
    undo.add(() => workspace?.remove());
    if (workspace !== undefined) await btrfs.subvolumeCreate(workspace.path, 'rootfs');
    const source = workspace?.rootfs ?? leftover ?? store.layout.layerRootfs(top);
    const origin = { id, chain: top, rawConfig: parts.config.toString('utf8'), manifest: parts.manifest.toString('utf8') };
    await publishImage(store, source, { oci, parent: '', size, origin, isTaken: source === leftover, onReady: () => name(store, id, parts) }, undo);
    await workspace?.remove();
  });
}

/** Gives the image its names; whether any of it is new. */
function name({ db }: Store, id: string, { tags, repoDigests, tell }: PulledParts): boolean {
  let changed = 0;
  for (const tag of tags) changed += db.run('INSERT INTO tags (name, image) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET image = excluded.image WHERE image <> excluded.image', tag, id);
  for (const digest of repoDigests) changed += db.run('INSERT OR IGNORE INTO repo_digests (name, image) VALUES (?, ?)', digest, id);
  tell(id);
  return changed > 0;
}
