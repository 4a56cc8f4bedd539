// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { pruning } from '../events/prune';
import { checkAborted } from '../util/aborted';
import { currentOwner } from '../util/owner';
import { type VolumeFilters, listVolumes } from './list';
import { discardVolume } from './make';
import { ANONYMOUS_LABEL, findVolume, type Volume } from './record';
import { settleVolumes } from './settle';
import { volumeSize } from './size';
import { beginVolumeWork } from './work';

/** Does `also` in the transaction that begins it. @throws E_NO_SUCH_VOLUME, E_CONFLICT while a container has it */
export async function removeVolume(store: Store, name: string, also?: () => void): Promise<void> {
  await settleVolumes(store);
  const end = store.db.transaction(() => {
    const { state } = findVolume(store, name);
    const users = store.db.all<{ container: string }>('SELECT container FROM volume_uses WHERE volume = ?', name);
    if (users.length > 0 || state === 'filling') {
      throw new DockerliteError('E_CONFLICT', `remove ${name}: volume is in use - [${users.map(({ container }) => container).join(', ')}]`);
    }
    store.db.run("UPDATE volumes SET state = 'removing', owner = ? WHERE name = ?", currentOwner(), name);
    also?.();
    return beginVolumeWork(name);
  });
  await discardVolume(store, name).finally(end);
}

export interface PruneVolumesOptions {
  /** Those that were given a name as well. */
  all?: boolean;
  filters?: Pick<VolumeFilters, 'label' | 'label!'>;
  /** Leaves the rest. */
  signal?: AbortSignal;
}

export interface PrunedVolume extends Volume {
  /** Bytes of its files; 0 for a directory elsewhere on the host. */
  size: number;
}

/** Removes the volumes no container has; returns those that went. */
export async function pruneVolumes(store: Store, options: PruneVolumesOptions = {}): Promise<PrunedVolume[]> {
  const unused = await listVolumes(store, { ...options.filters, dangling: ['true'] });
  return pruning(store, 'volume', async ({ removes }) => {
    const removed: PrunedVolume[] = [];
    for (const volume of unused) {
      checkAborted(options.signal);
      if (options.all !== true && !Object.hasOwn(volume.labels, ANONYMOUS_LABEL)) continue;
      try {
        const size = (await volumeSize(store, volume, options.signal)) ?? 0;
        await removeVolume(store, volume.name, () => removes(size));
        removed.push({ ...volume, size });
      } catch (error) {
        // Somebody has begun to use it, or was faster.
        if (!(error instanceof DockerliteError) || !['E_CONFLICT', 'E_NO_SUCH_VOLUME', 'E_NOT_FOUND'].includes(error.code)) throw error;
      }
    }
    return removed;
  });
}
