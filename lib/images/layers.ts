// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type { UnpackResult } from '../binding/types';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { checkAborted } from '../util/aborted';
import { randomId } from '../util/id';
import { currentOwner, isAlive } from '../util/owner';
import { Turnstile } from '../util/turnstile';
import { chainIds } from './chain-id';
import { downloadLayer, hexOf, type LayerFile } from './layer-download';
import { claimLayers, discardBlob, discardLayer, dropClaim, layerRow } from './layer-rows';
import { LayerTree } from './layer-tree';
import { type LayerAhead, LayersAhead } from './layers-ahead';

/** A layer as somebody offers it: a registry, an archive. */
export interface LayerSource {
  /** `sha256:…` of the tar. */
  diffId: string;
  /** `sha256:…` of what `open` gives. */
  digest: string;
  /** Bytes of that. */
  size: number;
  mediaType: string;
  /** A file on the store's file system that is this, and that nobody changes: it is taken as it is. */
  file?(): string;
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
  /** A tree, writable and on the disk, that is what the topmost layer is: for whoever can use one. */
  leftover: string | undefined;
  release(): Promise<void>;
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
 * while they and the next ones still download; each is downloaded and made once, however many ask for it, in this process and in others.
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
  const files: (Promise<LayerFile> | undefined)[] = [];
  const ahead = new LayersAhead(layers, files);
  const tree = new LayerTree(store);
  try {
    const turnstile = new Turnstile(DOWNLOADS);
    for (const [index, layer] of layers.entries()) {
      const isReady = layerRow(store, ids[index] as string)?.state === 'ready';
      options.onProgress?.(layer, isReady ? 'exists' : 'waiting');
      files.push(isReady ? undefined : downloadInTurn(store, layer, turnstile, { ...options, signal }));
    }
    for (const [index, layer] of layers.entries()) {
      if (files[index] === undefined) continue;
      await ensureLayer(store, layer, { id: ids[index] as string, parent: ids[index - 1] ?? '', tree }, () => ahead.take(index), { ...options, signal });
      await ahead.close(index);
    }
    const release = async () => {
      dropClaim(store, claim);
      await tree.discard();
    };
    return { ids, leftover: tree.leftover(ids.at(-1) ?? ''), release };
  } catch (error) {
    stop.abort();
    await Promise.allSettled(files.map(async (file) => (await file)?.whole));
    dropClaim(store, claim);
    await tree.discard();
    throw error;
  } finally {
    await ahead.close();
  }
}

/** The file as soon as there is something to read in it. */
function downloadInTurn(store: Store, layer: LayerSource, turnstile: Turnstile, { onProgress, signal }: EnsureOptions): Promise<LayerFile> {
  const begun = new Promise<LayerFile>((resolve, reject) => {
    const work = turnstile.run(async () => {
      const file = await downloadLayer(store, layer, (bytes) => onProgress?.(layer, 'downloading', bytes), signal);
      const whole = file.whole.then(() => onProgress?.(layer, 'downloaded'));
      resolve({ ...file, whole });
      await whole;
    });
    work.catch(reject);
  });
  // Nobody may be waiting for it when it fails.
  begun.catch(() => undefined);
  return begun;
}

interface Place {
  id: string;
  parent: string;
  tree: LayerTree;
}

/** Until the layer is ready, by our own hands or somebody else's. */
async function ensureLayer(store: Store, layer: LayerSource, place: Place, take: () => Promise<LayerAhead>, options: EnsureOptions): Promise<void> {
  const key = `${store.layout.root} ${place.id}`;
  const { signal, onProgress } = options;
  for (;;) {
    checkAborted(signal);
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
    const work = makeLayer(store, layer, place, take, options).finally(() => making.delete(key));
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
    db.run("INSERT OR REPLACE INTO layers (chain_id, state, owner, parent, diff_id, blob) VALUES (?, 'creating', ?, ?, ?, ?)", id, currentOwner(), parent, layer.diffId, hexOf(layer));
    return 'mine';
  });
}

async function makeLayer(store: Store, layer: LayerSource, { id, parent, tree }: Place, take: () => Promise<LayerAhead>, options: EnsureOptions): Promise<void> {
  try {
    const { bytes, digest, diffId } = await unpackLayer(layer, await take(), await tree.after(parent), options);
    verify(store, layer, digest, diffId);
    await tree.keep(id);
    store.db.run("UPDATE layers SET state = 'ready', owner = '', bytes = ? WHERE chain_id = ?", bytes, id);
  } catch (error) {
    await tree.discard();
    await discardLayer(store, id);
    // A file that is no archive may have come wrong: it is not where the next pull begins.
    if (error instanceof DockerliteError && error.code === 'E_ARCHIVE') discardBlob(store, hexOf(layer));
    throw error;
  }
}

/** Unpacks it while it comes. */
async function unpackLayer(layer: LayerSource, { file, decoded }: LayerAhead, root: string, { signal, onProgress, layerLimit }: EnsureOptions): Promise<UnpackResult> {
  const broken = new AbortController();
  file.whole.then(
    () => onProgress?.(layer, 'extracting'),
    (error: unknown) => broken.abort(error),
  );
  const either = signal === undefined ? broken.signal : AbortSignal.any([signal, broken.signal]);
  try {
    const unpacked = await decoded.unpack(root, { layer: true, maxEntries: MOST_ENTRIES, maxBytes: layerLimit ?? contentLimit(layer.size), signal: either });
    await file.whole;
    return unpacked;
  } catch (error) {
    file.stop();
    // What broke the download says more than that unpacking was stopped for it.
    const [download] = await Promise.allSettled([file.whole]);
    throw broken.signal.aborted && download.status === 'rejected' && signal?.aborted !== true ? download.reason : error;
  }
}

/** Nothing that is not what it should be is kept, also not to be tried again. */
function verify(store: Store, layer: LayerSource, digest: string, diffId: string): void {
  const wrong = `sha256:${digest}` !== layer.digest ? [layer.digest, digest] : `sha256:${diffId}` !== layer.diffId ? [layer.diffId, diffId] : undefined;
  if (wrong === undefined) return;
  discardBlob(store, hexOf(layer));
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
