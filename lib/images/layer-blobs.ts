// SPDX-License-Identifier: Apache-2.0
import { createReadStream, existsSync } from 'node:fs';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { layersOf } from './layer-rows';
import type { LayerSource } from './layers';
import type { ImageRow } from './record';

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
    return { diffId, digest: `sha256:${blob}`, size: row.size, mediaType: row.media_type, open: (offset) => createReadStream(path, { start: offset }) };
  });
}
