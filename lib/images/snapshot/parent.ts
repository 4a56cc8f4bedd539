// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../errors';
import type { Store } from '../../store/store';
import { isIdPrefix, prefixEnd } from '../../util/resolve';
import { layerRow, layersOf } from '../layer-rows';
import { findImage, type ImageRow } from '../record';
import type { SnapshotParent } from './description';

/** Of ids in lists of what a store has: layers, by the chain id of the topmost. */
const LAYERS = 'layers:';

/** Images committed from one another: more than these were made to go round in a circle. */
const DEEPEST = 1000;

/** What a store has that images can be sent as the difference to: `sha256:…` of images, `layers:…`. */
export function snapshotParents(store: Store): string[] {
  const images = store.db.all<{ id: string }>("SELECT id FROM images WHERE state = 'ready' ORDER BY id").map(({ id }) => `sha256:${id}`);
  const layers = store.db.all<{ id: string }>("SELECT chain_id AS id FROM layers WHERE state = 'ready' ORDER BY id").map(({ id }) => `${LAYERS}${id}`);
  return [...images, ...layers];
}

/** Where the tree is; undefined when this store does not have it. */
export function parentTree(store: Store, parent: SnapshotParent): string | undefined {
  if ('layers' in parent) return layerRow(store, parent.layers)?.state === 'ready' ? store.layout.layerRootfs(parent.layers) : undefined;
  return imageRow(store, parent.image) === undefined ? undefined : store.layout.imageRootfs(parent.image);
}

export interface ParentOptions {
  /** An image the receiver has. */
  parent?: string;
  /** What the receiver has, as snapshotParents or `images -q` say it; what this store does not know is no help. */
  have?: readonly string[];
}

/**
 * What to send an image as the difference to: what was asked for, or of what the receiver has the nearest relative.
 * Unrelated trees have nothing in common that a difference could leave out.
 * @throws E_NO_SUCH_IMAGE, E_AMBIGUOUS, E_INVALID
 */
export function chooseParent(store: Store, image: string, { parent, have = [] }: ParentOptions): SnapshotParent | undefined {
  if (parent !== undefined) return { image: findImage(store, parent).id };
  const places = new Map(ancestry(store, image).map((node, place) => [node, place]));
  let best: { parent: SnapshotParent; place: number; distance: number } | undefined;
  for (const candidate of known(store, have)) {
    for (const [distance, node] of ancestry(store, candidate).entries()) {
      const place = places.get(node);
      if (place === undefined) continue;
      if (best === undefined || place < best.place || (place === best.place && distance < best.distance)) best = { parent: toParent(candidate), place, distance };
      break;
    }
  }
  return best?.parent;
}

/** An image and those it was committed from, nearest first. */
export function imageAncestry(store: Store, id: string): ImageRow[] {
  const rows: ImageRow[] = [];
  for (let row = imageRow(store, id); row !== undefined && rows.length < DEEPEST; row = row.parent === '' ? undefined : imageRow(store, row.parent)) rows.push(row);
  return rows;
}

/** An image or layers, and what they were made from, nearest first. Layers are their own kind: an image of them may be gone. */
function ancestry(store: Store, start: string): string[] {
  const nodes: string[] = [];
  const addLayers = (top: string) => nodes.push(...layersOf(store, top).reverse().map(({ chain_id: id }) => `${LAYERS}${id}`));
  if (start.startsWith(LAYERS)) {
    addLayers(start.slice(LAYERS.length));
    return nodes;
  }
  for (const row of imageAncestry(store, start)) {
    nodes.push(row.id);
    if (row.chain !== '') addLayers(row.chain);
  }
  return nodes;
}

/** Ids in full of those that this store has too. */
function known(store: Store, have: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const text of have) {
    const [table, column, prefix] = text.startsWith(LAYERS) ? ['layers', 'chain_id', text.slice(LAYERS.length)] : ['images', 'id', text.replace(/^sha256:/, '')];
    if (!isIdPrefix(prefix as string)) throw new DockerliteError('E_INVALID', `not an id: ${JSON.stringify(text.slice(0, 100))}`, { hint: '`images -q` and `image receive --have` print ids.' });
    const rows = store.db.all<{ id: string }>(`SELECT ${column} AS id FROM ${table} WHERE ${column} >= ? AND ${column} < ? AND state = 'ready' LIMIT 2`, prefix, prefixEnd(prefix as string));
    // Of two that begin so nobody knows which one is there.
    if (rows.length === 1) found.add(table === 'layers' ? `${LAYERS}${rows[0]?.id}` : (rows[0]?.id as string));
  }
  return found;
}

function toParent(node: string): SnapshotParent {
  return node.startsWith(LAYERS) ? { layers: node.slice(LAYERS.length) } : { image: node };
}

function imageRow(store: Store, id: string): ImageRow | undefined {
  return store.db.get<ImageRow>("SELECT * FROM images WHERE id = ? AND state = 'ready'", id);
}
