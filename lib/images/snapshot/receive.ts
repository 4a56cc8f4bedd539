// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import * as btrfs from '../../binding/btrfs';
import * as snapshot from '../../binding/snapshot';
import type { ArchiveEnd } from '../../binding/types';
import type { Context } from '../../context';
import { DockerliteError } from '../../errors';
import { Workspace } from '../../store/workspace';
import { checkAborted } from '../../util/aborted';
import { shortId } from '../../util/id';
import { isAlive } from '../../util/owner';
import { withUndo } from '../../util/undo';
import { postImageEvent } from '../image-events';
import { discardImage, publishImage } from '../publish';
import type { ImageRow } from '../record';
import { Transfer } from '../transfer';
import { parseDescription, type ReadDescription, type SnapshotParent } from './description';
import { parentTree } from './parent';
import { withSnapshot } from './send';

export interface ReceiveOptions {
  /** Bytes of content that one image may have beside what is shared with its parent; default 1 TiB. */
  limit?: number;
  signal?: AbortSignal;
}

export interface ReceivedImage {
  /** 64 hex digits, as at the sender. */
  id: string;
  /** repository:tag names it has got. */
  tags: string[];
  /** False when the store had it already: its own tree stays, whatever the sender's is. */
  isNew: boolean;
}

/** ms between two looks at what another process makes. */
const POLL = 100;

/**
 * Receives images that were sent, one after another, compressed or not. Each becomes visible, and is durable, when all of it
 * has come and is what was sent.
 * @throws by `result`: E_ARCHIVE (damaged, truncated, hostile), E_NOT_FOUND (its parent is not here), E_NO_SPACE, E_ABORTED
 */
export function receiveImages(context: Context, source: ArchiveEnd, options: ReceiveOptions = {}): Transfer<ReceivedImage[]> {
  return new Transfer(async (emit) => {
    const stream = await snapshot.open(source);
    try {
      const received: ReceivedImage[] = [];
      for (;;) {
        const raw = await snapshot.next(stream, options);
        if (raw === undefined) return received;
        const description = parseDescription(raw);
        const digest = `sha256:${description.id}`;
        const onProgress = (current: number) => emit({ kind: 'layer', digest, state: 'downloading', current });
        const tell = () => postImageEvent(context.store, 'receive', description.id);
        const isNew = await receiveOne(context, { ...description, tell }, options.signal, (into) => snapshot.receive(stream, { ...into, maxBytes: options.limit, signal: options.signal, onProgress }));
        emit({ kind: 'layer', digest, state: 'complete' });
        received.push({ id: description.id, tags: description.tags, isNew });
      }
    } finally {
      await snapshot.close(stream);
    }
  });
}

/**
 * Receives the one image that a file should have in it, which is all that the file should have in it. It gets no names: those
 * in it are the sender's.
 * @throws as receiveImages, and E_DIGEST
 */
export async function receiveImage(context: Context, source: ArchiveEnd, expected: { id: string; digest: string }, options: ReceiveOptions): Promise<void> {
  const stream = await snapshot.open(source);
  try {
    const raw = await snapshot.next(stream, options);
    const description = parseDescription(raw ?? Buffer.alloc(0));
    if (description.id !== expected.id) throw new DockerliteError('E_DIGEST', `blob sha256:${expected.digest}: it is image ${description.id}, not ${expected.id}`);
    await receiveOne(context, { ...description, tags: [], tell: () => undefined }, options.signal, async (into) => {
      await snapshot.receive(stream, { ...into, maxBytes: options.limit, signal: options.signal });
      if ((await snapshot.next(stream, options)) !== undefined) throw new DockerliteError('E_ARCHIVE', `blob sha256:${expected.digest}: more than one image`);
      const digest = snapshot.digest(stream);
      if (digest !== expected.digest) throw new DockerliteError('E_DIGEST', `blob sha256:${expected.digest}: digest verification failed: got sha256:${digest}`);
    });
  } finally {
    await snapshot.close(stream);
  }
}

/** With what tells of it, in the transaction in which it is there. */
type Expected = ReadDescription & { tell: () => void };

type Read = (into: { tree?: string; parent?: string }) => Promise<unknown>;

/** Whether the image is new. */
async function receiveOne(context: Context, description: Expected, signal: AbortSignal | undefined, read: Read): Promise<boolean> {
  if (await isThere(context, description.id, signal)) {
    await read({});
    nameImage(context, description);
    return false;
  }
  let isRead = false;
  const readAll: Read = async (into) => {
    await read(into);
    isRead = true;
  };
  try {
    await withParent(context, description, (parent) => receiveNew(context, description, parent, readAll));
    return true;
  } catch (error) {
    // Somebody else has made the same one meanwhile.
    if (!isRead || !(await isThere(context, description.id, signal))) throw error;
    nameImage(context, description);
    return false;
  }
}

/** Looks until nobody is at work on it. */
async function isThere({ store }: Context, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  for (;;) {
    checkAborted(signal);
    const row = store.db.get<ImageRow>('SELECT * FROM images WHERE id = ?', id);
    if (row === undefined || row.state === 'ready') return row !== undefined;
    if (isAlive(row.owner)) await sleep(POLL);
    else await discardImage(store, id);
  }
}

async function withParent<T>(context: Context, { parent }: ReadDescription, work: (parent: string | undefined) => Promise<T>): Promise<T> {
  if (parent === undefined) return work(undefined);
  const path = parentTree(context.store, parent);
  if (path === undefined) throw missing(parent);
  return withSnapshot(context, 'parent', path, work);
}

function missing(parent: SnapshotParent): DockerliteError {
  const what = 'image' in parent ? `image ${shortId(parent.image)} (sha256:${parent.image})` : `the layers ${shortId(parent.layers)} (${parent.layers})`;
  return new DockerliteError('E_NOT_FOUND', `this is the difference to ${what}, which this store does not have`, {
    hint: 'Receive that first, or have all of the image sent: without --parent, or with --have of what is here.',
  });
}

async function receiveNew(context: Context, description: Expected, parent: string | undefined, read: Read): Promise<void> {
  const { store } = context;
  const { id, config, oci, ancestor, size } = description;
  await withUndo(async (undo) => {
    const workspace = Workspace.create(store.layout, 'receive');
    undo.add(() => workspace.remove());
    if (parent === undefined) await btrfs.subvolumeCreate(workspace.path, 'rootfs');
    else await btrfs.snapshotCreate(parent, workspace.path, 'rootfs', false);
    await read({ tree: workspace.rootfs, ...(parent !== undefined && { parent }) });
    await publishImage(store, workspace.rootfs, { oci, parent: ancestor, size, received: { id, config }, onReady: () => giveNames(context, description) }, undo);
    await workspace.remove();
  });
}

function nameImage(context: Context, description: Expected): void {
  context.store.db.durably(() => giveNames(context, description));
}

function giveNames({ store: { db } }: Context, { id, tags, tell }: Expected): void {
  for (const tag of tags) db.run('INSERT INTO tags (name, image) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET image = excluded.image', tag, id);
  tell();
}
