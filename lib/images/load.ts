// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import * as archive from '../binding/archive';
import type { ArchiveEnd } from '../binding/types';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { Workspace } from '../store/workspace';
import { ArchiveDirectory } from './archive-directory';
import { postImageEvent } from './image-events';
import { ensureLayers, type LayerProgress, type LayerSource } from './layers';
import { imagesOfDockerArchive } from './docker-archive';
import { imagesOfLayout } from './oci-layout';
import { publishPulled } from './publish-pulled';
import { Transfer } from './transfer';

export interface LoadOptions {
  signal?: AbortSignal;
}

export interface LoadedImage {
  /** 64 hex digits. */
  id: string;
  /** repository:tag names it got. */
  tags: string[];
}

/** An image as an archive has it. */
export interface ArchivedImage {
  config: Buffer;
  manifest: Buffer;
  layers: LayerSource[];
  tags: string[];
}

/** Bytes and entries of an archive of images. */
const LIMITS = { maxBytes: 2 ** 40, maxEntries: 100_000 };

/**
 * Loads the images of an archive, compressed or not: an OCI image layout, or what `docker save` writes.
 * @throws by `result`: E_ARCHIVE, E_DIGEST, E_REGISTRY (what is in it is no image), E_UNSUPPORTED, E_NO_SPACE, E_ABORTED
 */
export function loadImages(context: Context, source: ArchiveEnd, { signal }: LoadOptions = {}): Transfer<LoadedImage[]> {
  return new Transfer(async (emit) => {
    const { store } = context;
    const workspace = Workspace.create(store.layout, 'load');
    const onProgress: LayerProgress = ({ digest, size }, state, bytes) => emit({ kind: 'layer', digest, state, ...(bytes !== undefined && { current: bytes, total: size }) });
    try {
      const path = `${workspace.path}/archive`;
      mkdirSync(path, { mode: 0o700 });
      await archive.unpack(source, path, { ...LIMITS, owner: { uid: 0, gid: 0 }, digests: false, signal });
      const loaded: LoadedImage[] = [];
      for (const image of await imagesOf(new ArchiveDirectory(path))) {
        const chain = await ensureLayers(context, image.layers, { signal, onProgress });
        try {
          const { id } = await publishPulled(context, { ...image, chain, repoDigests: [], tell: (id) => postImageEvent(store, 'load', id) });
          loaded.push({ id, tags: image.tags });
        } finally {
          await chain.release();
        }
      }
      return loaded;
    } finally {
      await workspace.remove();
    }
  });
}

async function imagesOf(directory: ArchiveDirectory): Promise<ArchivedImage[]> {
  if (directory.has('oci-layout')) return imagesOfLayout(directory);
  if (directory.has('manifest.json')) return imagesOfDockerArchive(directory);
  throw new DockerliteError('E_ARCHIVE', 'the archive is neither an OCI image layout nor made by `docker save`', { hint: '`dockerlite import` makes an image of the archive of a file system.' });
}
