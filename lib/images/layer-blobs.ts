// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Blob } from '../registry/uploads';
import { filePieces } from '../util/file-pieces';
import { layersOf } from './layer-rows';
import type { ImageRow } from './record';

/** A compressed layer that the store has. */
export interface StoredLayer extends Blob {
  /** `sha256:…` of the tar. */
  diffId: string;
  mediaType: string;
}

interface BlobRow {
  size: number;
  media_type: string;
}

/** The layers of an image as registries hold them, from the bottom. @throws E_UNSUPPORTED */
export function layerBlobs({ store }: Context, image: ImageRow): StoredLayer[] {
  return layersOf(store, image.chain).map(({ blob, diff_id: diffId }) => {
    const row = store.db.get<BlobRow>("SELECT size, media_type FROM blobs WHERE hex = ? AND state = 'ready'", blob);
    const path = store.layout.blob(blob);
    if (row === undefined || !existsSync(path)) throw new DockerliteError('E_STORE_DAMAGED', `the compressed layer ${blob} is gone`, { path, hint: 'Pull the image again.' });
    return { diffId, digest: `sha256:${blob}`, size: row.size, mediaType: row.media_type, read: (from, to) => filePieces(path, from, to) };
  });
}
