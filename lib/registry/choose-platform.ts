// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Descriptor, ImageIndex } from './manifest';
import { formatPlatform, type Platform, platformRank } from './platform';

/**
 * The entry of an index that serves a platform best; the first of equals, as the specification asks.
 * @throws E_NOT_FOUND in Docker's words
 */
export function choosePlatform(index: ImageIndex, wanted: Platform): Descriptor {
  let best: Descriptor | undefined;
  let bestRank = Infinity;
  for (const entry of index.manifests) {
    const rank = entry.platform === undefined ? undefined : platformRank(wanted, entry.platform);
    if (rank === undefined || rank >= bestRank) continue;
    best = entry;
    bestRank = rank;
  }
  // An index of one entry that says nothing is that entry's second name.
  const [only] = index.manifests;
  if (best === undefined && index.manifests.length === 1 && only?.platform === undefined) best = only;
  if (best !== undefined) return best;
  const offered = index.manifests.flatMap(({ platform }) => (platform === undefined || platform.os === 'unknown' ? [] : [formatPlatform(platform)]));
  throw new DockerliteError('E_NOT_FOUND', `no matching manifest for ${formatPlatform(wanted)} in the manifest list entries`, {
    ...(offered.length > 0 && { hint: `The image is there for ${[...new Set(offered)].slice(0, 20).join(', ')}.` }),
  });
}
