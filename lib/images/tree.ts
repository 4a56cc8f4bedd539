// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { type ImageListOptions, listImages } from './list';
import type { Image } from './record';

/** An image and those that begin where it ends: committed from it, or with all its layers below their own. */
export interface ImageTreeNode {
  image: Image;
  /** A container was made from it. */
  inUse: boolean;
  /** Bytes of file content beyond the image above. */
  ownSize: number;
  children: ImageTreeNode[];
}

/** The images of a list by what they are made of, each level newest first. @throws E_INVALID for an unknown filter */
export function imageTree(store: Store, options: ImageListOptions): ImageTreeNode[] {
  const used = new Set(store.db.all<{ image: string }>('SELECT DISTINCT image FROM containers').map(({ image }) => image));
  const nodes = listImages(store, options).map((image): ImageTreeNode => ({ image, inUse: used.has(image.id), ownSize: image.size, children: [] }));
  const byId = new Map(nodes.map((node) => [node.image.id, node]));
  const byLayers = new Map(nodes.map((node) => [layers(node.image).join(' '), node]));
  const roots: ImageTreeNode[] = [];
  for (const node of nodes) {
    const above = committedFrom(node, byId) ?? longestBelow(node, byLayers);
    if (above !== undefined) node.ownSize = Math.max(0, node.image.size - above.image.size);
    (above?.children ?? roots).push(node);
  }
  return roots;
}

function layers({ oci }: Image): string[] {
  return oci.rootfs.diff_ids;
}

/** Only what has fewer layers is above: whatever configurations say, no image is below itself. */
function committedFrom({ image }: ImageTreeNode, byId: Map<string, ImageTreeNode>): ImageTreeNode | undefined {
  const parent = byId.get(image.parent);
  return parent !== undefined && layers(parent.image).length > 0 && layers(parent.image).length < layers(image).length ? parent : undefined;
}

function longestBelow({ image }: ImageTreeNode, byLayers: Map<string, ImageTreeNode>): ImageTreeNode | undefined {
  for (let count = layers(image).length - 1; count > 0; count--) {
    const below = byLayers.get(layers(image).slice(0, count).join(' '));
    if (below !== undefined) return below;
  }
  return undefined;
}
