// SPDX-License-Identifier: Apache-2.0
import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { currentOwner, isAlive } from '../util/owner';
import { discardBlob } from './layer-rows';
import type { LayerSource } from './layers';

/** ms between two looks at what another process downloads. */
const POLL = 100;

interface BlobRow {
  state: 'partial' | 'ready';
  owner: string;
}

/** Downloads of this process, by store and digest: two pulls of one layer share one. */
const running = new Map<string, Promise<string>>();

/**
 * Brings a compressed layer into the store and returns the file. One process at a time downloads it; what an interrupted one
 * left is where the next begins. Its digest is not known to be right before it has been unpacked.
 */
export async function downloadLayer(store: Store, layer: LayerSource, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<string> {
  const key = `${store.layout.root} ${layer.digest}`;
  for (let other = running.get(key); other !== undefined; other = running.get(key)) {
    const path = await other.catch(() => undefined);
    if (path !== undefined) return path;
  }
  const download = downloadAlone(store, layer, onBytes, signal).finally(() => running.delete(key));
  running.set(key, download);
  return download;
}

async function downloadAlone(store: Store, layer: LayerSource, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<string> {
  const { layout, db } = store;
  const hex = layer.digest.replace(/^sha256:/, '');
  const path = layout.blob(hex);
  mkdirSync(layout.blobs, { recursive: true, mode: 0o700 });
  const isThere = () => statSync(path, { throwIfNoEntry: false })?.size === layer.size;
  while (!begin(store, hex, layer, isThere)) {
    if (signal?.aborted === true) throw new DockerliteError('E_ABORTED', 'the operation was aborted', { cause: signal.reason });
    await sleep(POLL);
  }
  if (isThere()) {
    finish(store, hex);
    return path;
  }
  const part = `${path}.part`;
  const there = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  const offset = there <= layer.size ? there : 0;
  try {
    if (offset < layer.size) {
      await pipeline(await layer.open(offset, signal), counter(offset, onBytes), createWriteStream(part, offset === 0 ? { mode: 0o600 } : { flags: 'r+', start: offset }));
    }
    renameSync(part, path);
    finish(store, hex);
    return path;
  } catch (error) {
    const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    // What is there stays for the next one, unless it is known to be wrong or there is no room for it.
    if (isFull || (error instanceof DockerliteError && error.code === 'E_DIGEST')) discardBlob(store, hex);
    else db.run("UPDATE blobs SET owner = '' WHERE hex = ?", hex);
    throw isFull ? new DockerliteError('E_NO_SPACE', 'no space left in the store', { path, cause: error }) : error;
  }
}

/** Whether it is ours to download, or there already. */
function begin({ db }: Store, hex: string, layer: LayerSource, isThere: () => boolean): boolean {
  return db.transaction(() => {
    const row = db.get<BlobRow>('SELECT state, owner FROM blobs WHERE hex = ?', hex);
    if (row === undefined) {
      db.run("INSERT INTO blobs (hex, state, owner, size, media_type) VALUES (?, 'partial', ?, ?, ?)", hex, currentOwner(), layer.size, layer.mediaType);
    } else if (row.state === 'partial' || !isThere()) {
      if (row.owner !== currentOwner() && isAlive(row.owner)) return false;
      db.run("UPDATE blobs SET state = 'partial', owner = ? WHERE hex = ?", currentOwner(), hex);
    }
    return true;
  });
}

function finish({ db }: Store, hex: string): void {
  db.run("UPDATE blobs SET state = 'ready', owner = '' WHERE hex = ?", hex);
}

function counter(from: number, onBytes: (bytes: number) => void): Transform {
  let bytes = from;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      onBytes(bytes);
      done(null, chunk);
    },
  });
}
