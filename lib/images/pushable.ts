// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import type { Context } from '../context';
import { digestOf } from '../registry/digest';
import { parseManifest } from '../registry/manifest';
import { MEDIA } from '../registry/media-types';
import type { Store } from '../store/store';
import { randomId } from '../util/id';
import { currentOwner } from '../util/owner';
import { chainIds } from './chain-id';
import { layerBlobs, type StoredLayer } from './layer-blobs';
import { claimLayers, discardLayer, dropClaim, layersOf } from './layer-rows';
import { makeLayer } from './make-layer';
import type { ImageRow, OciImage } from './record';

/** An image in the form registries take. */
export interface PushableImage {
  manifest: Buffer;
  /** Byte for byte. */
  config: Buffer;
  configDigest: string;
  layers: StoredLayer[];
  /** Chain ids, from the bottom. */
  chain: string[];
  /** What was made for it a moment ago, which nobody else has: digests. */
  made: ReadonlySet<string>;
  /** Until then the store does not know what was made. */
  kept: Promise<void>;
}

/**
 * Gives an image the form registries take: its own if it came from one, else made now and kept. An image that was committed
 * gets a layer over those of its parent.
 */
export async function pushable(context: Context, image: ImageRow, signal?: AbortSignal): Promise<PushableImage> {
  const { row, made, kept } = image.manifest === '' ? await give(context, image, signal) : { row: image, made: [], kept: Promise.resolve() };
  const layers = layerBlobs(context, row);
  const configDigest = digestOf(Buffer.from(row.raw_config));
  return {
    manifest: Buffer.from(names(row.manifest, layers) ? row.manifest : manifestOf(row.raw_config, layers)),
    config: Buffer.from(row.raw_config),
    configDigest,
    layers,
    chain: layersOf(context.store, row.chain).map(({ chain_id: id }) => id),
    made: new Set(image === row ? [] : [...made, configDigest]),
    kept,
  };
}

/**
 * Whether a manifest is about these very blobs: of images with the same layers, compressed by different hands, the store keeps
 * the layers that came first. Foreign ones are wherever the manifest says.
 */
function names(manifest: string, layers: readonly StoredLayer[]): boolean {
  const { content } = parseManifest(Buffer.from(manifest), undefined);
  return content.kind === 'manifest' && content.layers.length === layers.length && content.layers.every(({ digest }, index) => digest === layers[index]?.digest);
}

function manifestOf(config: string, layers: readonly StoredLayer[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: { mediaType: MEDIA.ociConfig, digest: digestOf(Buffer.from(config)), size: Buffer.byteLength(config) },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
}

interface Given {
  row: ImageRow;
  /** Digests of layers. */
  made: string[];
  kept: Promise<void>;
}

/** Layers, a configuration that names them, a manifest. */
async function give(context: Context, image: ImageRow, signal?: AbortSignal): Promise<Given> {
  const { store } = context;
  const { diffIds, chain, claim, made, keeping } = await layersFor(context, image, signal);
  const describe = async (): Promise<ImageRow> => {
    const config = JSON.stringify(configWith(JSON.parse(image.config) as OciImage, diffIds));
    const row = { ...image, chain, raw_config: config };
    return { ...row, manifest: manifestOf(config, layerBlobs(context, row)) };
  };
  const described = describe();
  const kept = Promise.all([described, keeping])
    .then(([row]) => void store.db.run('UPDATE images SET chain = ?, raw_config = ?, manifest = ? WHERE id = ?', row.chain, row.raw_config, row.manifest, row.id))
    .finally(() => dropClaim(store, claim));
  // Who pushes it waits for that later.
  kept.catch(() => undefined);
  return { row: await described, made, kept };
}

interface MadeLayers {
  diffIds: string[];
  chain: string;
  claim: string;
  made: string[];
  keeping: Promise<void>;
}

async function layersFor(context: Context, image: ImageRow, signal?: AbortSignal): Promise<MadeLayers> {
  const { store } = context;
  const isEmpty = (JSON.parse(image.config) as OciImage).rootfs.diff_ids.length === 0;
  if (isEmpty) return { diffIds: [], chain: '', claim: '', made: [], keeping: Promise.resolve() };
  const parent = store.db.get<ImageRow>("SELECT * FROM images WHERE id = ? AND state = 'ready'", image.parent);
  // Without a parent, or with one that nothing is known of any more, all of it is one layer.
  const below = parent === undefined ? undefined : await pushable(context, parent, signal);
  await below?.kept;
  const lower = below === undefined || parent === undefined ? undefined : store.layout.imageRootfs(parent.id);
  const layer = await makeLayer(store, lower, store.layout.imageRootfs(image.id), signal);
  const diffIds = [...(below?.layers.map(({ diffId }) => diffId) ?? []), layer.diffId];
  const chain = chainIds(diffIds).at(-1) as string;
  const claim = randomId();
  claimLayers(store, claim, [chain]);
  const keeping = keepLayer(store, image, { id: chain, parent: below?.chain.at(-1) ?? '' }, layer);
  return { diffIds, chain, claim, made: [...(below?.made ?? []), `sha256:${layer.blob}`], keeping };
}

/** The image's own tree is the layer's: a snapshot. */
async function keepLayer(store: Store, image: ImageRow, { id, parent }: { id: string; parent: string }, made: { diffId: string; blob: string; bytes: number }): Promise<void> {
  const { layout, db } = store;
  const isNew = db.run("INSERT OR IGNORE INTO layers (chain_id, state, owner, parent, diff_id, blob, bytes) VALUES (?, 'creating', ?, ?, ?, ?, ?)", id, currentOwner(), parent, made.diffId, made.blob, made.bytes);
  if (isNew === 0) return;
  try {
    mkdirSync(layout.layer(id), { recursive: true, mode: 0o700 });
    await btrfs.snapshotCreate(layout.imageRootfs(image.id), layout.layer(id), 'rootfs', true);
    db.run("UPDATE layers SET state = 'ready', owner = '' WHERE chain_id = ?", id);
  } catch (error) {
    // As long as this process lives it would count as being made.
    await discardLayer(store, id).catch(() => undefined);
    throw error;
  }
}

/** Entries of the history that made no layer say so: others count them. */
function configWith(oci: OciImage, diffIds: string[]): OciImage {
  const made = oci.history.filter((entry) => entry.empty_layer !== true).length;
  const history = made === diffIds.length ? oci.history : [{ created: oci.created, comment: oci.history.at(-1)?.comment ?? '' }];
  return { ...oci, rootfs: { type: 'layers', diff_ids: diffIds }, history: made === diffIds.length || diffIds.length === 1 ? history : [] };
}
