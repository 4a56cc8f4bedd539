// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import { quotaLimit, quotaUnlimit } from '../binding/quota';
import { Layout } from '../store/layout';
import type { Store } from '../store/store';
import { sizeLimit, type VolumeOptions } from './options';
import { postVolumeEvent } from './volume-events';

/** An empty subvolume for a volume whose row says it is being made; what was left of an attempt before goes first. */
export async function makeData(store: Store, name: string, options: VolumeOptions): Promise<void> {
  await prepareDirectory(store, name);
  await btrfs.subvolumeCreate(store.layout.volume(name), Layout.volumeDataName);
  await limit(store, name, options);
}

/** The same with another volume's files: one ioctl. */
export async function snapshotData(store: Store, name: string, source: string, options: VolumeOptions): Promise<void> {
  await prepareDirectory(store, name);
  await btrfs.snapshotCreate(store.layout.volumeData(source), store.layout.volume(name), Layout.volumeDataName, false);
  await limit(store, name, options);
}

async function limit(store: Store, name: string, options: VolumeOptions): Promise<void> {
  const bytes = sizeLimit(options);
  if (bytes !== undefined) await quotaLimit(store.layout.volumeData(name), bytes);
}

async function prepareDirectory(store: Store, name: string): Promise<void> {
  await discardData(store, name);
  mkdirSync(store.layout.volume(name), { recursive: true, mode: 0o700 });
}

/** Removes a volume's files; safe to repeat. */
export async function discardData(store: Store, name: string): Promise<void> {
  // A full one cannot be deleted.
  await quotaUnlimit(store.layout.volumeData(name));
  await btrfs.subvolumeDeleteWithParent(store.layout.volume(name), Layout.volumeDataName);
}

/** Takes the files, then the row, of a volume that is on its way out. */
export async function discardVolume(store: Store, name: string): Promise<void> {
  await discardData(store, name);
  store.db.transaction(() => {
    const row = store.db.get<{ state: string }>("DELETE FROM volumes WHERE name = ? AND state IN ('creating', 'removing') RETURNING state", name);
    if (row?.state === 'removing') postVolumeEvent(store, name, 'destroy');
  });
}
