// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { bindDevice, type VolumeOptions } from './options';

/**
 * `creating`: being made, what is there of it is garbage. `filling`: was empty and gets an image's files, what is there
 * of them is garbage. `removing`: will be gone.
 */
export type VolumeState = 'creating' | 'filling' | 'ready' | 'removing';

export interface VolumeRow {
  name: string;
  state: VolumeState;
  owner: string;
  created: number;
  labels: string;
  options: string;
}

/** What callers see of a volume. */
export interface Volume {
  name: string;
  driver: 'local';
  /** Directory on the host that holds its files. */
  mountpoint: string;
  /** ms since the epoch. */
  created: number;
  labels: Record<string, string>;
  options: VolumeOptions;
}

/** Docker's mark on volumes that nobody gave a name. */
export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

export function toVolume(store: Store, row: VolumeRow): Volume {
  const options = JSON.parse(row.options) as VolumeOptions;
  return {
    name: row.name,
    driver: 'local',
    mountpoint: bindDevice(options) ?? store.layout.volumeData(row.name),
    created: row.created,
    labels: JSON.parse(row.labels) as Record<string, string>,
    options,
  };
}

export function volumeRow(store: Store, name: string): VolumeRow | undefined {
  return store.db.get<VolumeRow>('SELECT * FROM volumes WHERE name = ?', name);
}

/** @throws E_NO_SUCH_VOLUME in Docker's words */
export function findVolume(store: Store, name: string): VolumeRow {
  const row = volumeRow(store, name);
  if (row !== undefined && (row.state === 'ready' || row.state === 'filling')) return row;
  throw noSuchVolume(name);
}

export function noSuchVolume(name: string): DockerliteError {
  return new DockerliteError('E_NO_SUCH_VOLUME', `get ${name}: no such volume`);
}
