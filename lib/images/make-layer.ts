// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, renameSync } from 'node:fs';
import * as archive from '../binding/archive';
import * as btrfs from '../binding/btrfs';
import { MEDIA } from '../registry/media-types';
import type { Store } from '../store/store';
import { Workspace } from '../store/workspace';
import { compressFile } from './compress-file';

export interface MadeLayer {
  /** `sha256:…` of the tar. */
  diffId: string;
  /** Hex digits of the compressed layer's digest. */
  blob: string;
  /** Of file content. */
  bytes: number;
}

/**
 * Packs the difference of a read-only tree to the one below it as a layer and keeps it: what registries take. The cost is
 * that of the changes; the same trees give the same digests.
 */
export async function makeLayer(store: Store, below: string | undefined, tree: string, signal?: AbortSignal): Promise<MadeLayer> {
  const workspace = Workspace.create(store.layout, 'pack');
  try {
    const tar = `${workspace.path}/layer.tar`;
    const { bytes } = below === undefined ? await archive.pack(tree, { path: tar }, { signal }) : await packDifference(below, tree, tar, signal);
    const compressed = `${tar}.gz`;
    const { plain, packed, size } = await compressFile(tar, compressed, signal);
    mkdirSync(store.layout.blobs, { recursive: true, mode: 0o700 });
    renameSync(compressed, store.layout.blob(packed));
    store.db.run("INSERT OR REPLACE INTO blobs (hex, state, owner, size, media_type) VALUES (?, 'ready', '', ?, ?)", packed, size, MEDIA.ociLayerGzip);
    return { diffId: `sha256:${plain}`, blob: packed, bytes };
  } finally {
    await workspace.remove();
  }
}

async function packDifference(below: string, tree: string, path: string, signal?: AbortSignal): Promise<{ bytes: number }> {
  const changes = await btrfs.sendDiff(below, tree);
  const touched = changes.flatMap((change) => (change.from === undefined ? [change.path] : [change.path, change.from]));
  const moved = changes.filter(({ kind }) => kind === 'renamed').map((change) => change.path);
  return archive.packLayer(below, tree, { path }, { touched, moved, signal });
}
