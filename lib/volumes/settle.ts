// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { currentOwner } from '../util/owner';
import { discardVolume, makeData } from './make';
import type { VolumeOptions } from './options';
import type { VolumeRow, VolumeState } from './record';
import { beginVolumeWork, type EndWork, isVolumeAtWork } from './work';

/** Volumes whose process died at work on them, or gave up. An index holds the rows that are not ready. */
export function abandonedVolumes(store: Store): VolumeRow[] {
  return store.db.all<VolumeRow>("SELECT * FROM volumes WHERE state <> 'ready'").filter((row) => !isVolumeAtWork(row));
}

/** Brings them to rest. A container that is being made holds on to its volumes: those wait until it is settled. */
export async function settleVolumes(store: Store): Promise<void> {
  for (const row of abandonedVolumes(store)) await settleVolume(store, row);
}

export async function settleVolume(store: Store, row: VolumeRow): Promise<void> {
  const { name, options } = row;
  const isFilling = row.state === 'filling';
  const end = takeOver(store, row, isFilling ? 'filling' : 'removing');
  try {
    if (end === undefined) return;
    if (!isFilling) return await discardVolume(store, name);
    await makeData(store, name, JSON.parse(options) as VolumeOptions);
    store.db.run("UPDATE volumes SET state = 'ready', owner = '' WHERE name = ?", name);
  } finally {
    end?.();
  }
}

/** Only one process settles it; undefined when another has begun to, or works with it. */
function takeOver(store: Store, { name, state, owner }: VolumeRow, next: VolumeState): EndWork | undefined {
  return store.db.transaction(() => {
    const isUsed = next === 'removing' && store.db.get('SELECT 1 FROM volume_uses WHERE volume = ?', name) !== undefined;
    if (isUsed || isVolumeAtWork({ name, owner })) return undefined;
    const taken = store.db.run('UPDATE volumes SET state = ?, owner = ? WHERE name = ? AND state = ? AND owner = ?', next, currentOwner(), name, state, owner);
    return taken > 0 ? beginVolumeWork(name) : undefined;
  });
}
