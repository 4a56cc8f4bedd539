// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { containerSizes } from '../store/sizes';
import { subvolumeSize } from '../store/tree-size';
import { checkAborted } from '../util/aborted';
import { sumSizes } from '../util/file-sizes';
import { Turnstile } from '../util/turnstile';
import { withChanges } from './diff';
import { type ContainerRow, containerById } from './record';

/** In bytes. */
export interface ContainerSize {
  /**
   * What it has written: of the files that it added or changed, as Docker counts them; where the store has simple quotas, what
   * that takes on the disk, in whole blocks.
   */
  rw: number;
  /** With the files of its image. */
  rootFs: number;
}

/** Snapshots made together share the file system's commits. */
const TOGETHER = 16;

export async function containerSize(context: Pick<Context, 'store'>, row: ContainerRow, signal?: AbortSignal): Promise<ContainerSize> {
  const written = await containerSizes(context.store, [row.id]);
  return sizeOf(context, row, written.get(row.id), signal);
}

/** Containers with their sizes; those that are removed meanwhile are left out. @throws E_ABORTED */
export async function withSizes<T extends { id: string }>(context: Pick<Context, 'store'>, list: readonly T[], signal?: AbortSignal): Promise<(T & { size: ContainerSize })[]> {
  // One that is gone by now spoils the answer for all of them: then each is asked for alone.
  const written = await containerSizes(context.store, list.map(({ id }) => id)).catch(() => new Map<string, number>());
  const turns = new Turnstile(TOGETHER);
  const sizes = await Promise.all(list.map(({ id }) => turns.run(() => sizeNow(context, id, written.get(id), signal))));
  return list.flatMap((summary, i) => {
    const size = sizes[i];
    return size === undefined ? [] : [{ ...summary, size }];
  });
}

async function sizeNow(context: Pick<Context, 'store'>, id: string, written: number | undefined, signal: AbortSignal | undefined): Promise<ContainerSize | undefined> {
  checkAborted(signal);
  const row = containerById(context.store, id);
  if (row === undefined) return undefined;
  return (written === undefined ? containerSize(context, row, signal) : sizeOf(context, row, written, signal)).catch((error: unknown) => {
    if (containerById(context.store, id)?.state === row.state) throw error;
    return undefined;
  });
}

/** What was written is counted by the file system, or found out by comparing the container with its image. */
async function sizeOf(context: Pick<Context, 'store'>, row: ContainerRow, written: number | undefined, signal: AbortSignal | undefined): Promise<ContainerSize> {
  const { layout, db } = context.store;
  const image = db.get<{ size: number }>('SELECT size FROM images WHERE id = ?', row.image);
  if (image === undefined) {
    const rw = written ?? (await subvolumeSize(layout, layout.containerRootfs(row.id), signal)); // nothing to compare it with any more
    return { rw, rootFs: rw };
  }
  const rw = written ?? (await withChanges(context, row, (changes, rootfs) => changedBytes(changes, rootfs, signal), signal));
  return { rw, rootFs: image.size + rw };
}

function changedBytes(changes: { kind: string; path: Buffer }[], rootfs: string, signal: AbortSignal | undefined): Promise<number> {
  const written = changes.filter(({ kind }) => kind === 'added' || kind === 'changed');
  return sumSizes(written.map(({ path }) => Buffer.concat([Buffer.from(`${rootfs}/`), path])), signal);
}
