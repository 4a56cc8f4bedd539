// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import { Layout } from '../store/layout';
import type { Store } from '../store/store';
import { recordVolumeEvent } from './volume-events';

/** An empty subvolume for a volume whose row says it is being made; what was left of an attempt before goes first. */
export async function makeData(store: Store, name: string): Promise<void> {
  await prepareDirectory(store, name);
  await btrfs.subvolumeCreate(store.layout.volume(name), Layout.volumeDataName);
}

/** The same with another volume's files: one ioctl. */
export async function snapshotData(store: Store, name: string, source: string): Promise<void> {
  await prepareDirectory(store, name);
  await btrfs.snapshotCreate(store.layout.volumeData(source), store.layout.volume(name), Layout.volumeDataName, false);
}

async function prepareDirectory(store: Store, name: string): Promise<void> {
  const directory = store.layout.volume(name);
  await btrfs.subvolumeDelete(directory, Layout.volumeDataName);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Removes a volume's files; safe to repeat. */
export async function discardData(store: Store, name: string): Promise<void> {
  await btrfs.subvolumeDelete(store.layout.volume(name), Layout.volumeDataName);
  rmSync(store.layout.volume(name), { recursive: true, force: true });
}

/** Takes the files, then the row, of a volume that is on its way out. */
export async function discardVolume(store: Store, name: string): Promise<void> {
  await discardData(store, name);
  const row = store.db.get<{ state: string }>("DELETE FROM volumes WHERE name = ? AND state IN ('creating', 'removing') RETURNING state", name);
  if (row?.state === 'removing') recordVolumeEvent(store, name, 'destroy');
}
