// SPDX-License-Identifier: Apache-2.0
import type { Context } from './context';
import { type ContainerSummary, listContainers } from './containers/list';
import { type ContainerSize, withSizes } from './containers/size';
import { listImages } from './images/list';
import type { Image } from './images/record';
import { ownSize, sharedSize } from './images/shared-size';
import { checkAborted, unlessAborted } from './util/aborted';
import { Turnstile } from './util/turnstile';
import { listVolumes } from './volumes/list';
import type { Volume } from './volumes/record';
import { volumeSize } from './volumes/size';

export interface ImageUsage extends Image {
  /** Bytes it has in common with other images. */
  sharedSize: number;
  /** How many containers were made from it. */
  containers: number;
}

export interface ContainerUsage extends ContainerSummary {
  size: ContainerSize;
}

export interface VolumeUsage extends Volume {
  /** Bytes; undefined for a directory elsewhere on the host. */
  size: number | undefined;
  /** How many containers have it. */
  uses: number;
}

/** What takes space in a store, in bytes of files as Docker counts them. */
export interface DiskUsage {
  /** Of all images, what they share counted once. */
  imagesSize: number;
  images: ImageUsage[];
  containers: ContainerUsage[];
  volumes: VolumeUsage[];
}

export interface DiskUsageOptions {
  signal?: AbortSignal;
}

const TOGETHER = 16;

/** Looks at what every container and volume has written: the more that is, the longer it takes. @throws E_ABORTED */
export function diskUsage(context: Context, { signal }: DiskUsageOptions): Promise<DiskUsage> {
  checkAborted(signal);
  // What is being looked at then is left, with its snapshots, at the next step.
  return unlessAborted(measure(context, signal), signal);
}

async function measure(context: Context, signal: AbortSignal | undefined): Promise<DiskUsage> {
  const { store } = context;
  const turns = new Turnstile(TOGETHER);
  const summaries = await listContainers(context, { all: true });
  const list = listImages(store, {});
  const found = await listVolumes(store);
  const containers = await withSizes(context, summaries, signal);
  const volumeSizes = await Promise.all(found.map((volume) => turns.run(() => volumeSize(store, volume, signal).catch(() => undefined))));
  const uses = store.db.all<{ volume: string; count: number }>('SELECT volume, count(*) AS count FROM volume_uses GROUP BY volume');
  return {
    imagesSize: list.reduce((sum, image) => sum + ownSize(image, list), 0),
    images: list.map((image) => ({ ...image, sharedSize: sharedSize(image, list), containers: summaries.filter(({ imageId }) => imageId === image.id).length })),
    containers,
    volumes: found.map((volume, i) => ({ ...volume, size: volumeSizes[i], uses: uses.find((use) => use.volume === volume.name)?.count ?? 0 })),
  };
}
