// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import * as archive from '../binding/archive';
import * as btrfs from '../binding/btrfs';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { Workspace } from '../store/workspace';
import { randomId } from '../util/id';
import { currentOwner, isAlive } from '../util/owner';
import { Turnstile } from '../util/turnstile';
import { chainIds } from './chain-id';
import { downloadLayer } from './layer-download';
import { claimLayers, discardBlob, discardLayer, dropClaim, layerRow } from './layer-rows';

/** A layer as somebody offers it: a registry, an archive. */
export interface LayerSource {
  /** `sha256:…` of the tar. */
  diffId: string;
  /** `sha256:…` of what `open` gives. */
  digest: string;
  /** Bytes of that. */
  size: number;
  mediaType: string;
  /** The compressed bytes from an offset on. */
  open(offset: number, signal?: AbortSignal): Readable | Promise<Readable>;
}

export type LayerProgress = (layer: LayerSource, state: 'waiting' | 'downloading' | 'downloaded' | 'extracting' | 'complete' | 'exists', bytes?: number) => void;

export interface EnsureOptions {
  signal?: AbortSignal | undefined;
  onProgress?: LayerProgress;
  /** Bytes of file content a layer may unpack to; default by its size, see `contentLimit`. */
  layerLimit?: number | undefined;
}

/** Layers that stay where they are until `release` is called. */
export interface LayerChain {
  /** Hex digits, from the bottom. */
  ids: string[];
  release(): void;
}

const DOWNLOADS = 3;
/** Names in one layer. */
const MOST_ENTRIES = 5_000_000;
/** ms between two looks at what another process makes. */
const POLL = 100;

/** Layers of this process in the making, by store and chain id. */
const making = new Map<string, Promise<void>>();

/**
 * Sees to it that the store has a chain of layers, each a read-only snapshot of the one below plus its tar. Layers are unpacked
 * while the next ones still download; each is downloaded and made once, however many ask for it, in this process and in others.
 * @throws E_DIGEST, E_ARCHIVE, E_NO_SPACE, E_ABORTED, and what `open` throws
 */
export async function ensureLayers(context: Context, layers: readonly LayerSource[], options: EnsureOptions = {}): Promise<LayerChain> {
  const { store } = context;
  const ids = chainIds(layers.map(({ diffId }) => diffId));
  const claim = randomId();
  mkdirSync(store.layout.layers, { recursive: true, mode: 0o700 });
  claimLayers(store, claim, ids);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const downloads: (Promise<string> | undefined)[] = [];
  try {
    const turnstile = new Turnstile(DOWNLOADS);
    for (const [index, layer] of layers.entries()) {
      const isReady = layerRow(store, ids[index] as string)?.state === 'ready';
      options.onProgress?.(layer, isReady ? 'exists' : 'waiting');
      downloads.push(isReady ? undefined : turnstile.run(() => download(store, layer, options, signal)));
      // Nobody may be waiting for it when it fails.
      downloads.at(-1)?.catch(() => undefined);
    }
    for (const [index, layer] of layers.entries()) {
      const file = downloads[index];
      if (file === undefined) continue;
      await ensureLayer(store, layer, { id: ids[index] as string, parent: ids[index - 1] ?? '' }, () => file, { ...options, signal });
    }
    return { ids, release: () => dropClaim(store, claim) };
  } catch (error) {
    stop.abort();
    await Promise.allSettled(downloads);
    dropClaim(store, claim);
    throw error;
  }
}

async function download(store: Store, layer: LayerSource, { onProgress }: EnsureOptions, signal: AbortSignal): Promise<string> {
  const file = await downloadLayer(store, layer, (bytes) => onProgress?.(layer, 'downloading', bytes), signal);
  onProgress?.(layer, 'downloaded');
  return file;
}

interface Place {
  id: string;
  parent: string;
}

/** Until the layer is ready, by our own hands or somebody else's. */
async function ensureLayer(store: Store, layer: LayerSource, place: Place, file: () => Promise<string>, options: EnsureOptions): Promise<void> {
  const key = `${store.layout.root} ${place.id}`;
  const { signal, onProgress } = options;
  for (;;) {
    if (signal?.aborted === true) throw new DockerliteError('E_ABORTED', 'the operation was aborted', { cause: signal.reason });
    const other = making.get(key);
    if (other !== undefined) {
      await other.catch(() => undefined);
      continue;
    }
    const turn = takeTurn(store, layer, place);
    if (turn === 'ready') return onProgress?.(layer, 'complete');
    if (turn === 'wait') {
      await sleep(POLL);
      continue;
    }
    const work = makeLayer(store, layer, place, file, options).finally(() => making.delete(key));
    making.set(key, work);
    await work;
    return onProgress?.(layer, 'complete');
  }
}

function takeTurn({ db }: Store, layer: LayerSource, { id, parent }: Place): 'ready' | 'wait' | 'mine' {
  return db.transaction(() => {
    const row = db.get<{ state: string; owner: string }>('SELECT state, owner FROM layers WHERE chain_id = ?', id);
    if (row?.state === 'ready') return 'ready';
    if (row !== undefined && row.owner !== currentOwner() && isAlive(row.owner)) return 'wait';
    db.run("INSERT OR REPLACE INTO layers (chain_id, state, owner, parent, diff_id, blob) VALUES (?, 'creating', ?, ?, ?, ?)", id, currentOwner(), parent, layer.diffId, layer.digest.replace(/^sha256:/, ''));
    return 'mine';
  });
}

async function makeLayer(store: Store, layer: LayerSource, { id, parent }: Place, file: () => Promise<string>, { signal, onProgress, layerLimit }: EnsureOptions): Promise<void> {
  const { layout, db } = store;
  const workspace = Workspace.create(layout, 'layer');
  try {
    const path = await file();
    if (existsSync(layout.layer(id))) await btrfs.subvolumeDelete(layout.layer(id), 'rootfs');
    if (parent === '') await btrfs.subvolumeCreate(workspace.path, 'rootfs');
    else await btrfs.snapshotCreate(layout.layerRootfs(parent), workspace.path, 'rootfs', false);
    onProgress?.(layer, 'extracting');
    const { bytes, digest, diffId } = await archive.unpack({ path }, workspace.rootfs, { layer: true, maxEntries: MOST_ENTRIES, maxBytes: layerLimit ?? contentLimit(layer.size), signal });
    verify(store, layer, digest, diffId);
    mkdirSync(layout.layer(id), { recursive: true, mode: 0o700 });
    // The snapshot waits for the disk: a row that says `ready` is never ahead of its tree.
    await btrfs.snapshotCreate(workspace.rootfs, layout.layer(id), 'rootfs', true);
    db.run("UPDATE layers SET state = 'ready', owner = '', bytes = ? WHERE chain_id = ?", bytes, id);
  } catch (error) {
    await discardLayer(store, id);
    // A file that is no archive may have come wrong: it is not where the next pull begins.
    if (error instanceof DockerliteError && error.code === 'E_ARCHIVE') discardBlob(store, layer.digest.replace(/^sha256:/, ''));
    throw error;
  } finally {
    await workspace.remove();
  }
}

/** Nothing that is not what it should be is kept, also not to be tried again. */
function verify(store: Store, layer: LayerSource, digest: string, diffId: string): void {
  const wrong = `sha256:${digest}` !== layer.digest ? [layer.digest, digest] : `sha256:${diffId}` !== layer.diffId ? [layer.diffId, diffId] : undefined;
  if (wrong === undefined) return;
  discardBlob(store, layer.digest.replace(/^sha256:/, ''));
  const what = wrong[0] === layer.digest ? 'digest' : 'diff ID (of its content)';
  throw new DockerliteError('E_DIGEST', `layer ${layer.digest}: ${what} verification failed: expected ${wrong[0]}, got sha256:${wrong[1]}`);
}

/**
 * Bytes. What people put into images shrinks to a tenth; what was made to fill a disk to a thousandth (gzip) or less. Small
 * layers may unpack to a gigabyte all the same.
 */
export function contentLimit(compressed: number): number {
  return Math.max(2 ** 30, compressed * 200);
}
