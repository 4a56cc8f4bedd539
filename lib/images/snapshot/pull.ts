// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import type { Context } from '../../context';
import { DockerliteError } from '../../errors';
import type { ParsedManifest } from '../../registry/manifest';
import type { PullSource } from '../../registry/pull-source';
import { familiarName, type RemoteReference } from '../../registry/reference';
import { downloadLayer, hexOf, isDownloading, type LayerFile } from '../layer-download';
import { discardBlob } from '../layer-rows';
import { contentLimit, type LayerProgress, type LayerSource } from '../layers';
import type { ImageRow } from '../record';
import { isSnapshot, readArtifact, type SnapshotArtifact } from './artifact';
import { receiveImage } from './receive';

/** Differences to differences: more than these were made to keep somebody busy. */
const LONGEST_CHAIN = 512;
/** Downloads of a stream that somebody else takes away. */
const ATTEMPTS = 3;

export interface SnapshotPull {
  source: PullSource;
  reference: RemoteReference;
  manifest: ParsedManifest;
  /** repository:tag names, for the last image of the chain. */
  tags: readonly string[];
  /** Of what the name stands for. */
  topDigest: string;
  /** Tells of it, in the transaction that gives it its names. */
  tell: (id: string) => void;
  signal?: AbortSignal | undefined;
  /** Bytes of content that a stream may have. */
  limit?: number | undefined;
  onProgress: LayerProgress;
  /** Pulls an ordinary image, which a chain may begin with. */
  pullOrdinary(manifest: ParsedManifest): Promise<void>;
}

interface Link {
  manifest: ParsedManifest;
  artifact: SnapshotArtifact;
}

/** Pulls an image that was pushed as a snapshot, and of the images it is the difference to those that are not here. */
export async function pullSnapshot(context: Context, pull: SnapshotPull): Promise<{ id: string; isNew: boolean }> {
  const { store } = context;
  const chain = await missingLinks(context, pull);
  for (const link of chain) await receiveLink(context, pull, link);
  const { image: id } = readArtifact(pull.manifest);
  const isNew = store.db.durably(() => {
    let changed = chain.length;
    for (const tag of pull.tags) changed += store.db.run('INSERT INTO tags (name, image) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET image = excluded.image WHERE image <> excluded.image', tag, id);
    changed += store.db.run('INSERT OR IGNORE INTO repo_digests (name, image) VALUES (?, ?)', `${familiarName(pull.reference)}@${pull.topDigest}`, id);
    pull.tell(id);
    return changed > 0;
  });
  return { id, isNew };
}

/** From the one that stands on something that is here, or on nothing. */
async function missingLinks(context: Context, pull: SnapshotPull): Promise<Link[]> {
  const { source, reference, signal, onProgress } = pull;
  const chain: Link[] = [];
  for (let manifest = pull.manifest; ; ) {
    const artifact = readArtifact(manifest);
    const layer = layerSource(source, artifact);
    const isHere = isReady(context, artifact.image);
    onProgress(layer, isHere ? 'exists' : 'waiting');
    if (isHere) return chain;
    chain.unshift({ manifest, artifact });
    if (artifact.subject === undefined) return chain;
    if (chain.length >= LONGEST_CHAIN) throw new DockerliteError('E_REGISTRY', `manifest ${pull.manifest.digest}: a difference to a difference more than ${LONGEST_CHAIN} times`);
    manifest = await source.manifest({ host: reference.host, path: reference.path, digest: artifact.subject.digest }, signal);
    if (isSnapshot(manifest)) continue;
    await pull.pullOrdinary(manifest);
    return chain;
  }
}

async function receiveLink(context: Context, pull: SnapshotPull, { manifest, artifact }: Link): Promise<void> {
  const { store } = context;
  const { source, signal, onProgress, reference } = pull;
  const layer = layerSource(source, artifact);
  for (let attempt = 1; ; attempt++) {
    const file = await downloadLayer(store, layer, (bytes) => onProgress(layer, 'downloading', bytes), signal);
    await file.whole;
    onProgress(layer, 'downloaded');
    const fd = openIfThere(file);
    if (fd !== undefined) {
      onProgress(layer, 'extracting');
      await receiveFile(context, pull, artifact, fd);
      break;
    }
    // Another pull has received it, or it was pruned: somebody has taken it away before it was opened.
    if (isReady(context, artifact.image)) break;
    if (attempt === ATTEMPTS) throw new DockerliteError('E_CONFLICT', `blob ${layer.digest} is removed as often as it is downloaded`);
  }
  // The tree is all there is to keep: what is pushed again is made again. Somebody who began again takes it away himself.
  if (!isDownloading(store, layer)) discardBlob(store, hexOf(layer));
  store.db.run('INSERT OR IGNORE INTO repo_digests (name, image) SELECT ?, id FROM images WHERE id = ?', `${familiarName(reference)}@${manifest.digest}`, artifact.image);
  onProgress(layer, 'complete');
}

async function receiveFile(context: Context, pull: SnapshotPull, { image, stream }: SnapshotArtifact, fd: number): Promise<void> {
  const hex = stream.digest.replace(/^sha256:/, '');
  try {
    await receiveImage(context, { fd }, { id: image, digest: hex }, { signal: pull.signal, limit: pull.limit ?? contentLimit(stream.size) });
  } catch (error) {
    // What came wrong is not where the next pull begins.
    if (error instanceof DockerliteError && ['E_ARCHIVE', 'E_DIGEST'].includes(error.code)) discardBlob(context.store, hex);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function openIfThere(file: LayerFile): number | undefined {
  try {
    return file.open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function layerSource(source: PullSource, { stream }: SnapshotArtifact): LayerSource {
  const { digest, size, mediaType } = stream;
  return { diffId: '', digest, size, mediaType, open: (offset, signal) => source.open(stream, offset, signal, false) };
}

function isReady({ store }: Context, id: string): boolean {
  return store.db.get<ImageRow>("SELECT id FROM images WHERE id = ? AND state = 'ready'", id) !== undefined;
}
