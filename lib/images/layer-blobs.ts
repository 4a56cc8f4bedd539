// SPDX-License-Identifier: Apache-2.0
import { createReadStream, existsSync } from 'node:fs';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { layersOf } from './layer-rows';
import type { LayerSource } from './layers';
import type { ImageRow } from './record';

/** Bytes that are read at once: a third of what sending a layer cost was for the number of pieces. */
const PIECE = 512 * 1024;

interface BlobRow {
  size: number;
  media_type: string;
}

/** The layers of an image as registries hold them, from the bottom. @throws E_UNSUPPORTED */
export function layerBlobs({ store }: Context, image: ImageRow): LayerSource[] {
  return layersOf(store, image.chain).map(({ blob, diff_id: diffId }) => {
    const row = store.db.get<BlobRow>("SELECT size, media_type FROM blobs WHERE hex = ? AND state = 'ready'", blob);
    const path = store.layout.blob(blob);
    if (row === undefined || !existsSync(path)) throw new DockerliteError('E_STORE_DAMAGED', `the compressed layer ${blob} is gone`, { path, hint: 'Pull the image again.' });
    return { diffId, digest: `sha256:${blob}`, size: row.size, mediaType: row.media_type, open: (offset) => createReadStream(path, { start: offset, highWaterMark: PIECE }) };
  });
}
