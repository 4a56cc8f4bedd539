// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import type { Store } from '../store/store';
import { currentOwner } from '../util/owner';
import { VolumeBusy } from './busy';
import { insertVolume } from './create';
import { discardVolume, makeData } from './make';
import { bindDevice, type VolumeOptions } from './options';
import { type VolumeRow, volumeRow } from './record';
import { beginVolumeWork, type EndWork, isVolumeAtWork } from './work';

/** What a container that is being made asks for. */
export interface WantedVolume {
  name: string;
  anonymous: boolean;
  labels: Record<string, string>;
  options: VolumeOptions;
}

/** A volume that its first container has to make, or may fill: nobody else can use it until that is done. */
export interface Claim {
  name: string;
  /** It has no files of its own yet, not even a place for them. */
  fresh: boolean;
  end: EndWork;
}

/**
 * Notes, in the transaction that notes the container, which volumes it has, and makes the rows of those that are missing.
 * `claims` are those of this call so far, and get the new ones.
 */
export function claimVolumes(store: Store, container: string, wanted: WantedVolume[], claims: Map<string, Claim>): void {
  for (const volume of wanted) {
    if (!claims.has(volume.name)) {
      const claim = claimOne(store, volume);
      if (claim !== undefined) claims.set(volume.name, claim);
    }
    store.db.run('INSERT OR IGNORE INTO volume_uses (container, volume, anonymous) VALUES (?, ?, ?)', container, volume.name, volume.anonymous ? 1 : 0);
  }
}

function claimOne(store: Store, volume: WantedVolume): Claim | undefined {
  const row = volumeRow(store, volume.name);
  if (row === undefined) {
    return { name: volume.name, fresh: true, end: insertVolume(store, volume) };
  }
  if (row.state === 'ready') return mayFill(store, row) ? take(store, row, 'filling') : undefined;
  if (isVolumeAtWork(row)) throw new VolumeBusy(row.name);
  if (row.state === 'filling') return take(store, row, 'filling');
  // Of one that was never ready, or is as good as gone, nothing is kept.
  const { labels, options } = volume;
  store.db.run('UPDATE volumes SET created = ?, labels = ?, options = ? WHERE name = ?', Date.now(), JSON.stringify(labels), JSON.stringify(options), row.name);
  return take(store, row, 'creating');
}

function take(store: Store, { name }: VolumeRow, state: 'creating' | 'filling'): Claim {
  store.db.run('UPDATE volumes SET state = ?, owner = ? WHERE name = ?', state, currentOwner(), name);
  return { name, fresh: state === 'creating', end: beginVolumeWork(name) };
}

/** As Docker: an empty volume gets the image's files. Not while another container may be writing to it. */
function mayFill(store: Store, row: VolumeRow): boolean {
  if (bindDevice(JSON.parse(row.options) as VolumeOptions) !== undefined) return false;
  if (store.db.get('SELECT 1 FROM volume_uses WHERE volume = ?', row.name) !== undefined) return false;
  return readdirSync(store.layout.volumeData(row.name)).length === 0;
}

/** In the transaction that makes the container usable. */
export function finishClaims(store: Store, claims: Iterable<Claim>): void {
  for (const { name } of claims) store.db.run("UPDATE volumes SET state = 'ready', owner = '' WHERE name = ?", name);
}

/** The work on them is done, or given up. */
export function endClaims(claims: Iterable<Claim>): void {
  for (const { end } of claims) end();
}

/** Takes back what was claimed for a container that is not to be, after its row has gone. */
export async function dropClaims(store: Store, claims: Iterable<Claim>): Promise<void> {
  for (const { name, fresh } of claims) {
    if (fresh) {
      await discardVolume(store, name);
    } else {
      await makeData(store, name, JSON.parse(volumeRow(store, name)?.options ?? '{}') as VolumeOptions);
      store.db.run("UPDATE volumes SET state = 'ready', owner = '' WHERE name = ?", name);
    }
  }
}

/**
 * Marks the volumes that go with a container, in the transaction that removes its row; those that another container has
 * by --volumes-from stay. The caller then discards them.
 */
export function markAnonymous(store: Store, container: string): Pick<Claim, 'name' | 'end'>[] {
  const rows = store.db.all<{ volume: string }>(
    `SELECT volume FROM volume_uses WHERE container = ? AND anonymous = 1
     AND NOT EXISTS (SELECT 1 FROM volume_uses AS other WHERE other.volume = volume_uses.volume AND other.container <> volume_uses.container)`,
    container,
  );
  return rows.map(({ volume: name }) => {
    store.db.run("UPDATE volumes SET state = 'removing', owner = ? WHERE name = ?", currentOwner(), name);
    return { name, end: beginVolumeWork(name) };
  });
}

/** Is the size of one of a container's volumes limited? */
export function hasLimitedVolume(store: Store, container: string): boolean {
  const rows = store.db.all<Pick<VolumeRow, 'options'>>('SELECT options FROM volume_uses JOIN volumes ON name = volume WHERE container = ?', container);
  return rows.some(({ options }) => (JSON.parse(options) as VolumeOptions)['size'] !== undefined);
}

/** Host directories of a container's volumes, by name. */
export function volumeSources(store: Store, container: string): Map<string, string> {
  const rows = store.db.all<VolumeRow>('SELECT volumes.* FROM volume_uses JOIN volumes ON name = volume WHERE container = ?', container);
  return new Map(rows.map((row) => [row.name, bindDevice(JSON.parse(row.options) as VolumeOptions) ?? store.layout.volumeData(row.name)]));
}
