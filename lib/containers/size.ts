// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { containerSizes } from '../store/sizes';
import { subvolumeSize } from '../store/tree-size';
import { sumSizes } from '../util/file-sizes';
import { Turnstile } from '../util/turnstile';
import { withChanges } from './diff';
import type { ContainerSummary } from './list';
import { type ContainerRow, containerById } from './record';

/**
 * Bytes of files, as Docker counts them: sharing and compression make no difference. With simple quotas what the file
 * system has counted instead, metadata included: that is there without looking at anything.
 */
export interface ContainerSize {
  /** In files that it added or changed. */
  rw: number;
  /** With those of its image. */
  rootFs: number;
}

/** Snapshots made together share the file system's commits. */
const TOGETHER = 16;

export async function containerSize(context: Pick<Context, 'store'>, row: ContainerRow): Promise<ContainerSize> {
  const { layout, db } = context.store;
  const counted = (await containerSizes(context.store, [row.id])).get(row.id);
  if (counted !== undefined) return withImage(context, row.image, counted);
  if (db.get('SELECT 1 FROM images WHERE id = ?', row.image) === undefined) {
    const rw = await subvolumeSize(layout, layout.containerRootfs(row.id)); // nothing to compare it with any more
    return { rw, rootFs: rw };
  }
  return withImage(context, row.image, await withChanges(context, row, changedBytes));
}

function withImage({ store }: Pick<Context, 'store'>, image: string, rw: number): ContainerSize {
  const { size = 0 } = store.db.get<{ size: number }>('SELECT size FROM images WHERE id = ?', image) ?? {};
  return { rw, rootFs: size + rw };
}

/** Containers with their sizes; those that are removed meanwhile are left out. */
export async function withSizes<T extends ContainerSummary>(context: Context, list: readonly T[]): Promise<(T & { size: ContainerSize })[]> {
  const counted = await containerSizes(context.store, list.map(({ id }) => id));
  if (counted.size > 0) return list.map((summary) => ({ ...summary, size: withImage(context, summary.imageId, counted.get(summary.id) ?? 0) }));
  const turns = new Turnstile(TOGETHER);
  const sizes = await Promise.all(list.map(({ id }) => turns.run(() => sizeNow(context, id))));
  return list.flatMap((summary, i) => {
    const size = sizes[i];
    return size === undefined ? [] : [{ ...summary, size }];
  });
}

async function sizeNow(context: Context, id: string): Promise<ContainerSize | undefined> {
  const row = containerById(context.store, id);
  if (row === undefined) return undefined;
  return containerSize(context, row).catch((error: unknown) => {
    if (containerById(context.store, id)?.state === row.state) throw error;
    return undefined;
  });
}

function changedBytes(changes: { kind: string; path: Buffer }[], rootfs: string): Promise<number> {
  const written = changes.filter(({ kind }) => kind === 'added' || kind === 'changed');
  return sumSizes(written.map(({ path }) => Buffer.concat([Buffer.from(`${rootfs}/`), path])));
}
