// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { layerBlobs } from './layer-blobs';
import { layersOf } from './layer-rows';
import type { LayerSource } from './layers';
import type { ImageRow } from './record';

/** An image in the form registries take. */
export interface PushableImage {
  manifest: Buffer;
  /** Byte for byte. */
  config: Buffer;
  configDigest: string;
  layers: LayerSource[];
  /** Chain ids, from the bottom. */
  chain: string[];
}

/** @throws E_UNSUPPORTED */
export async function pushable(context: Context, image: ImageRow, _signal?: AbortSignal): Promise<PushableImage> {
  if (image.manifest === '') {
    throw new DockerliteError('E_UNSUPPORTED', 'only images that came from a registry can be pushed');
  }
  return {
    manifest: Buffer.from(image.manifest),
    config: Buffer.from(image.raw_config),
    configDigest: `sha256:${image.id}`,
    layers: layerBlobs(context, image),
    chain: layersOf(context.store, image.chain).map(({ chain_id: id }) => id),
  };
}
