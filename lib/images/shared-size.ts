// SPDX-License-Identifier: Apache-2.0
import type { Image } from './record';

/** Bytes an image shares with others of the list: what it was committed from, or all of it when others were committed from it. */
export function sharedSize(image: Image, list: readonly Image[]): number {
  const isBase = list.some(({ parent }) => parent === image.id);
  return isBase ? image.size : image.size - ownSize(image, list);
}

/** Bytes it has beyond what it was committed from, where that is still there. */
export function ownSize(image: Image, list: readonly Image[]): number {
  const parent = image.parent === '' ? undefined : list.find(({ id }) => id === image.parent);
  return parent === undefined ? image.size : Math.max(0, image.size - parent.size);
}
