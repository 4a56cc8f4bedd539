// SPDX-License-Identifier: Apache-2.0
import { chmodSync, linkSync, mkdirSync, openSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { checkAborted } from '../util/aborted';
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
const running = new Map<string, Promise<void>>();

/** A compressed layer in the store, or on its way there. Its digest is not known to be right before it has been unpacked. */
export interface LayerFile {
  /** A descriptor to read it by from its beginning, also while it grows. The caller closes it. */
  open(): number;
  /** Has `tell` called whenever more of it can be read. */
  watch(tell: () => void): void;
  /** When all of it is there. */
  whole: Promise<void>;
  /** Ends the download, if there is one and it is this caller's. */
  stop(): void;
}

/**
 * Brings a compressed layer into the store. One process at a time downloads it; what an interrupted one left is where the next
 * begins. Whoever finds that somebody else does it gets the file when it is whole.
 */
export async function downloadLayer(store: Store, layer: LayerSource, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<LayerFile> {
  const key = `${store.layout.root} ${layer.digest}`;
  const path = store.layout.blob(hexOf(layer));
  for (let other = running.get(key); other !== undefined; other = running.get(key)) {
    const isWhole = await other.then(() => true, () => false);
    if (isWhole) return { open: () => openSync(path, 'r'), watch: () => undefined, whole: Promise.resolve(), stop: () => undefined };
  }
  const stop = new AbortController();
  const download = new Download(store, layer, path, onBytes, signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]));
  const whole = download.run().finally(() => running.delete(key));
  running.set(key, whole);
  await Promise.race([download.begun, whole]);
  return { open: () => openEither(`${path}.part`, path), watch: (tell) => download.watchers.push(tell), whole, stop: () => stop.abort() };
}

/** Whether this process is at it. */
export function isDownloading(store: Store, { digest }: LayerSource): boolean {
  return running.has(`${store.layout.root} ${digest}`);
}

export function hexOf({ digest }: LayerSource): string {
  return digest.replace(/^sha256:/, '');
}

/** The first becomes the second at any moment. */
function openEither(first: string, second: string): number {
  try {
    return openSync(first, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return openSync(second, 'r');
  }
}

class Download {
  private readonly hex: string;
  private begin: () => void = () => undefined;
  /** As soon as there is a file that grows. */
  readonly begun = new Promise<void>((resolve) => (this.begin = resolve));
  readonly watchers: (() => void)[] = [];

  constructor(
    private readonly store: Store,
    private readonly layer: LayerSource,
    private readonly path: string,
    private readonly onBytes: (bytes: number) => void,
    private readonly signal: AbortSignal,
  ) {
    this.hex = hexOf(layer);
  }

  async run(): Promise<void> {
    const { store, path, signal } = this;
    mkdirSync(store.layout.blobs, { recursive: true, mode: 0o700 });
    while (!isOurs(store, this.hex, this.layer, () => this.isThere)) {
      checkAborted(signal);
      await sleep(POLL);
    }
    try {
      if (!this.isThere) {
        if (this.layer.file !== undefined) link(this.layer.file(), `${path}.part`);
        else await this.fetch(`${path}.part`);
        this.checkSize(`${path}.part`);
        renameSync(`${path}.part`, path);
      }
      store.db.run("UPDATE blobs SET state = 'ready', owner = '' WHERE hex = ?", this.hex);
    } catch (error) {
      throw this.failed(error);
    }
  }

  private get isThere(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.size === this.layer.size;
  }

  /** Who unpacks it waits for so many bytes. */
  private checkSize(part: string): void {
    const { size } = statSync(part);
    if (size !== this.layer.size) throw new DockerliteError('E_DIGEST', `layer ${this.layer.digest}: has ${size} bytes, expected ${this.layer.size}`);
  }

  private async fetch(part: string): Promise<void> {
    const { layer, signal } = this;
    const there = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
    const offset = there <= layer.size ? there : 0;
    if (offset === layer.size) return;
    const source = await layer.open(offset, signal);
    const file = await open(part, offset === 0 ? 'w' : 'r+', 0o600);
    try {
      this.begin();
      await copy(source, file, offset, { onBytes: this.onBytes, onWritten: () => this.watchers.forEach((tell) => tell()) }, signal);
    } finally {
      source.destroy();
      await file.close();
    }
  }

  private failed(error: unknown): unknown {
    const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    // At once: whoever reads it has it open for another moment.
    if (isFull) rmAndFree(`${this.path}.part`);
    // What is there stays for the next one, unless it is known to be wrong or there is no room for it.
    if (isFull || (error instanceof DockerliteError && error.code === 'E_DIGEST')) discardBlob(this.store, this.hex);
    else this.store.db.run("UPDATE blobs SET owner = '' WHERE hex = ?", this.hex);
    return isFull ? new DockerliteError('E_NO_SPACE', 'no space left in the store', { path: this.path, cause: error }) : error;
  }
}

/** Bytes that wait while others are written. */
const BATCH = 1024 ** 2;

/**
 * Writes a stream from an offset on. What comes while a write is under way goes with the next one: a call for each of the
 * small pieces that a network gives is what a download mostly costs.
 */
async function copy(source: Readable, file: FileHandle, from: number, { onBytes, onWritten }: { onBytes: (bytes: number) => void; onWritten: () => void }, signal: AbortSignal): Promise<void> {
  let [at, waiting] = [from, 0];
  let batch: Buffer[] = [];
  let writing: Promise<void> | undefined;
  const write = async () => {
    while (batch.length > 0) {
      const [pieces, start] = [batch, at];
      [batch, at, waiting] = [[], at + waiting, 0];
      await writeAll(file, pieces, start);
      onWritten();
    }
    writing = undefined;
  };
  try {
    for await (const piece of source as AsyncIterable<Buffer>) {
      checkAborted(signal);
      batch.push(piece);
      waiting += piece.length;
      onBytes(at + waiting);
      writing ??= write();
      writing.catch(() => undefined); // told below
      if (waiting >= BATCH) await writing;
    }
  } finally {
    await writing;
  }
}

async function writeAll(file: FileHandle, pieces: Buffer[], start: number): Promise<void> {
  let left = pieces;
  for (let at = start; left.length > 0; ) {
    const { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    left = after(left, bytesWritten);
  }
}

/** What is left of these pieces after so many bytes. */
function after(pieces: Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const left: Buffer[] = [];
  for (const piece of pieces) {
    if (skip < piece.length) left.push(piece.subarray(skip));
    skip = Math.max(0, skip - piece.length);
  }
  return left;
}

function rmAndFree(path: string): void {
  truncateSync(path);
  rmSync(path);
}

/** Its mode was a stranger's to say. */
function link(file: string, path: string): void {
  chmodSync(file, 0o600);
  rmSync(path, { force: true });
  linkSync(file, path);
}

/** Whether it is ours to download, or there already. */
function isOurs({ db }: Store, hex: string, layer: LayerSource, isThere: () => boolean): boolean {
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
