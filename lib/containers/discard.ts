// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import { releaseNetworking } from '../network/release';
import type { Store } from '../store/store';
import { markAnonymous } from '../volumes/claim';
import { discardVolume } from '../volumes/make';
import { postContainerEvent } from './container-events';
import { type ContainerRow, specOf } from './record';
import type { ContainerSpec } from './spec';
import { unlimitStorage } from './storage';
import { clearAbandoned } from './remains';

/**
 * Removes a container's files, then its row, then, if they go along, the volumes nobody gave a name; those of a container
 * that removes itself do. Safe to repeat, and after any part of it was done.
 */
export async function discardContainer(store: Store, row: ContainerRow, options: { volumes?: boolean } = {}): Promise<void> {
  // Most have none: that is seen without asking the database.
  const hasAnonymous = row.spec.includes('"anonymous":true');
  const volumes = hasAnonymous && (options.volumes ?? specOf(row).autoRemove);
  await clearAbandoned(store, row.id);
  await discardTree(store, row.id, row.spec.includes('"storage":') ? specOf(row) : {});
  if (!volumes) return dropRow(store, row.id);
  const marked = store.db.transaction(() => {
    const going = markAnonymous(store, row.id);
    dropRow(store, row.id);
    return going;
  });
  try {
    for (const { name } of marked) await discardVolume(store, name);
  } finally {
    for (const { end } of marked) end();
  }
}

/** Removes a container's tree and files; safe to repeat. Without `spec` it is not known whether it had a limit. */
export async function discardTree(store: Store, id: string, spec?: Pick<ContainerSpec, 'storage'>): Promise<void> {
  if (spec === undefined || spec.storage !== undefined) await unlimitStorage(store, id);
  await btrfs.subvolumeDeleteWithParent(store.layout.container(id), 'rootfs');
}

/** Removes a container's row and what hangs on it. */
export function dropRow(store: Store, id: string): void {
  store.db.transaction(() => {
    releaseNetworking(store.db, id);
    const row = store.db.get<ContainerRow>('DELETE FROM containers WHERE id = ? RETURNING *', id);
    if (row !== undefined && row.state !== 'creating') postContainerEvent(store, row, 'destroy');
  });
}
