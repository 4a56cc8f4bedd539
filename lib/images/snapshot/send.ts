// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../../binding/btrfs';
import * as snapshot from '../../binding/snapshot';
import type { ArchiveEnd } from '../../binding/types';
import type { Context } from '../../context';
import { DockerliteError } from '../../errors';
import { Workspace } from '../../store/workspace';
import { withUndo } from '../../util/undo';
import { recordImageEvent } from '../image-events';
import { findImage } from '../record';
import { Transfer, type TransferEvent } from '../transfer';
import { configText, type SnapshotDescription } from './description';
import { chooseParent, type ParentOptions, parentTree } from './parent';

export interface SendOptions extends ParentOptions {
  signal?: AbortSignal;
}

export interface SentImage {
  /** 64 hex digits: what it is known by at the receiver. */
  id: string;
  /** The image it was sent as the difference to, or `layers:…`; undefined when all of it was sent. */
  parent: string | undefined;
  /** Of the stream. */
  bytes: number;
}

/** A tree to send. */
export interface Sendable {
  /** A subvolume, read-only or not. */
  tree: string;
  /** The image it is, or was made from: its relatives are what it may be the difference to. */
  image: string;
  description: Omit<SnapshotDescription, 'parent'>;
  /** Called before anybody gets to see anything of it. */
  begins?(): void;
}

/**
 * Sends an image to another store: its description and its tree as a btrfs send stream, whole or as the difference to what
 * the receiver has.
 * @throws by `result`: E_NO_SUCH_IMAGE, E_AMBIGUOUS, E_INVALID, E_NO_SPACE, E_ABORTED, E_SYSTEM with errno EPIPE
 */
export function sendImage(context: Context, name: string, target: ArchiveEnd, options: SendOptions = {}): Transfer<SentImage> {
  return new Transfer(async (emit) => {
    const { store } = context;
    const row = findImage(store, name);
    const tags = store.db.all<{ name: string }>('SELECT name FROM tags WHERE image = ? ORDER BY name', row.id).map((tag) => tag.name);
    const description = { ...configText(row), tags, ancestor: row.parent, size: row.size };
    const begins = () => recordImageEvent(store, 'send', row.id);
    return sendTree(context, { tree: store.layout.imageRootfs(row.id), image: row.id, description, begins }, target, options, emit);
  });
}

/** The tree as it is when this is called. */
export async function sendTree(context: Context, { tree, image, description, begins }: Sendable, target: ArchiveEnd, options: SendOptions, emit: (event: TransferEvent) => void): Promise<SentImage> {
  const { store } = context;
  const digest = `sha256:${description.id}`;
  const parent = chooseParent(store, image, options);
  const onProgress = (current: number) => emit({ kind: 'layer', digest, state: 'pushing', current });
  const bytes = await withSnapshot(context, 'send', tree, async (own) => {
    const send = (below?: string) => {
      begins?.();
      return snapshot.send(own, target, { description: JSON.stringify({ ...description, parent }), ...(below !== undefined && { parent: below }), signal: options.signal, onProgress });
    };
    if (parent === undefined) return send();
    const path = parentTree(store, parent);
    if (path === undefined) throw new DockerliteError('E_NO_SUCH_IMAGE', 'the parent image is being removed');
    return withSnapshot(context, 'send', path, send);
  });
  emit({ kind: 'layer', digest, state: 'pushed' });
  return { id: description.id, parent: parent && ('image' in parent ? parent.image : `layers:${parent.layers}`), bytes };
}

/** A read-only snapshot of a tree for as long as `work` takes: whatever becomes of the image meanwhile, and it may be removed. */
export function withSnapshot<T>({ store }: Context, purpose: string, tree: string, work: (snapshot: string) => Promise<T>): Promise<T> {
  return withUndo(async (undo) => {
    const workspace = Workspace.create(store.layout, purpose);
    undo.add(() => workspace.remove());
    await btrfs.snapshotCreate(tree, workspace.path, 'rootfs', true);
    const result = await work(workspace.rootfs);
    await workspace.remove();
    return result;
  });
}
