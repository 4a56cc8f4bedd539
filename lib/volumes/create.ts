// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { requireSimpleQuotas } from '../store/quotas';
import type { Store } from '../store/store';
import { randomId } from '../util/id';
import { currentOwner } from '../util/owner';
import { systemError } from '../util/system-error';
import { withUndo } from '../util/undo';
import { VolumeBusy, whenFree } from './busy';
import { discardVolume, makeData, snapshotData } from './make';
import { checkVolumeName } from './names';
import { bindDevice, checkDriver, checkVolumeOptions, type VolumeOptions } from './options';
import { ANONYMOUS_LABEL, findVolume, toVolume, type Volume, type VolumeRow, volumeRow } from './record';
import { settleVolumes } from './settle';
import { postVolumeEvent } from './volume-events';
import { beginVolumeWork, type EndWork } from './work';

export interface CreateVolumeOptions {
  /** Default: 64 random digits. */
  name?: string;
  /** Only 'local'. */
  driver?: string;
  /** Of the driver: `size`, or `type=none`, `o=bind` and `device`. */
  options?: VolumeOptions;
  labels?: Record<string, string>;
}

/** Makes a volume; one that is there already with the same options is fine. @throws E_INVALID, E_UNSUPPORTED, E_CONFLICT */
export async function createVolume(store: Store, asked: CreateVolumeOptions): Promise<Volume> {
  const name = asked.name ? checkVolumeName(asked.name) : randomId();
  checkDriver(asked.driver, name);
  const options = checkVolumeOptions(name, asked.options ?? {});
  if (options['size'] !== undefined) await requireSimpleQuotas(store);
  await settleVolumes(store);
  const labels = asked.name ? (asked.labels ?? {}) : { ...asked.labels, [ANONYMOUS_LABEL]: '' };
  const claim = (): VolumeRow | EndWork => {
    const row = volumeRow(store, name);
    if (row?.state === 'creating' || row?.state === 'removing') throw new VolumeBusy(name);
    return row ?? insertVolume(store, { name, options, labels });
  };
  const claimed = await whenFree(() => store.db.transaction(claim));
  if (typeof claimed !== 'function') return reuse(store, claimed, options);
  return finishNew(store, name, claimed, () => makeData(store, name, options));
}

/** A volume with what another one holds now: one ioctl, however much that is. @throws E_NO_SUCH_VOLUME, E_CONFLICT, E_INVALID */
export async function snapshotVolume(store: Store, name: string, snapshot: string, labels: Record<string, string> = {}): Promise<Volume> {
  checkVolumeName(snapshot);
  await settleVolumes(store);
  const { options, end } = store.db.transaction(() => {
    const options = JSON.parse(findVolume(store, name).options) as VolumeOptions;
    if (bindDevice(options) !== undefined) throw new DockerliteError('E_UNSUPPORTED', `volume ${name} is a directory of the host, which cannot be snapshotted`);
    if (volumeRow(store, snapshot) !== undefined) throw new DockerliteError('E_CONFLICT', `a volume with the name ${snapshot} already exists`);
    return { options, end: insertVolume(store, { name: snapshot, options, labels }) };
  });
  return finishNew(store, snapshot, end, () => snapshotData(store, snapshot, name, options));
}

/** The row comes first, in a state nobody can use; this process is at work on it until it calls what is returned. */
export function insertVolume(store: Store, { name, options, labels }: { name: string; options: VolumeOptions; labels: Record<string, string> }): EndWork {
  store.db.run(
    "INSERT INTO volumes (name, state, owner, created, labels, options) VALUES (?, 'creating', ?, ?, ?, ?)",
    ...[name, currentOwner(), Date.now(), JSON.stringify(labels), JSON.stringify(options)],
  );
  return beginVolumeWork(name);
}

async function finishNew(store: Store, name: string, end: EndWork, make: () => Promise<void>): Promise<Volume> {
  try {
    await withUndo(async (undo) => {
      undo.add(() => discardVolume(store, name));
      await make();
      store.db.transaction(() => {
        store.db.run("UPDATE volumes SET state = 'ready', owner = '' WHERE name = ?", name);
        postVolumeEvent(store, name, 'create');
      });
    });
  } catch (error) {
    throw systemError(error);
  } finally {
    end();
  }
  return toVolume(store, findVolume(store, name));
}

function reuse(store: Store, row: VolumeRow, options: VolumeOptions): Volume {
  if (!isSame(JSON.parse(row.options) as VolumeOptions, options)) {
    throw new DockerliteError('E_CONFLICT', `create ${row.name}: conflict: a volume of this name with other options already exists`);
  }
  return toVolume(store, row);
}

function isSame(one: VolumeOptions, other: VolumeOptions): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
