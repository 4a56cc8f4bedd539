// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { isAlive } from '../util/owner';
import { discardVolume, makeData } from './make';
import type { VolumeOptions } from './options';
import type { VolumeRow } from './record';

/** Volumes whose process died at work on them. An index holds the rows that are not ready. */
export function abandonedVolumes(store: Store): VolumeRow[] {
  return store.db.all<VolumeRow>("SELECT * FROM volumes WHERE state <> 'ready'").filter(({ owner }) => !isAlive(owner));
}

/** Brings them to rest. A container that is being made holds on to its volumes: those wait until it is settled. */
export async function settleVolumes(store: Store): Promise<void> {
  for (const row of abandonedVolumes(store)) await settleVolume(store, row);
}

export async function settleVolume(store: Store, { name, state, options }: VolumeRow): Promise<void> {
  if (state === 'filling') {
    await makeData(store, name, JSON.parse(options) as VolumeOptions);
    store.db.run("UPDATE volumes SET state = 'ready', owner = '' WHERE name = ? AND state = 'filling'", name);
  } else if (store.db.get('SELECT 1 FROM volume_uses WHERE volume = ?', name) === undefined) {
    await discardVolume(store, name);
  }
}
