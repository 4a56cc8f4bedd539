// SPDX-License-Identifier: Apache-2.0
import type { Image } from '../../lib/images/record';
import type { RemovedImage } from '../../lib/images/remove';
import { shortId } from '../../lib/util/id';
import { ago, goTime } from './duration';
import { humanSize } from './size';

/** What a template of `images` may name, in the order Docker's JSON has. */
export interface ImageFields {
  Containers: string;
  CreatedAt: string;
  CreatedSince: string;
  Digest: string;
  ID: string;
  Repository: string;
  SharedSize: string;
  Size: string;
  Tag: string;
  UniqueSize: string;
  VirtualSize: string;
}

export const IMAGE_HEADINGS: ImageFields = {
  Containers: 'CONTAINERS',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  SharedSize: 'SHARED SIZE',
  Size: 'SIZE',
  Tag: 'TAG',
  UniqueSize: 'UNIQUE SIZE',
  VirtualSize: 'SIZE',
};

/** A row for each name of an image, one where it has none. */
export function imageRows(image: Image, full: boolean): ImageFields[] {
  // One pulled by its digest has a repository and no tag.
  const untagged = image.digests.length === 0 ? ['<none>:<none>'] : [...new Set(image.digests.map((digest) => digest.replace(/@.*$/, ':<none>')))];
  const names = image.tags.length === 0 ? untagged : image.tags;
  return names.map((name) => {
    const colon = name.lastIndexOf(':');
    return {
      Containers: 'N/A',
      CreatedAt: goTime(image.created),
      CreatedSince: ago(image.created),
      Digest: image.digests.find((digest) => digest.startsWith(`${name.slice(0, colon)}@`))?.replace(/^.*@/, '') ?? '<none>',
      ID: full ? `sha256:${image.id}` : shortId(image.id),
      Repository: name.slice(0, colon),
      SharedSize: 'N/A',
      Size: humanSize(image.size),
      Tag: name.slice(colon + 1),
      UniqueSize: 'N/A',
      VirtualSize: humanSize(image.size),
    };
  });
}

/** What went, a line each. */
export function prunedImageLines(images: readonly RemovedImage[]): string[] {
  return images.flatMap(({ untagged, deleted }) => [
    ...untagged.map((name) => `untagged: ${name}`),
    ...(deleted === undefined ? [] : [`deleted: sha256:${deleted}`]),
  ]);
}
