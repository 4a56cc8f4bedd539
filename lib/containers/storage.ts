// SPDX-License-Identifier: Apache-2.0
import { quotaLimit, quotaUnlimit } from '../binding/quota';
import { DockerliteError } from '../errors';
import { quotaFilter } from '../security/quota-filter';
import { requireSimpleQuotas } from '../store/quotas';
import type { Store } from '../store/store';
import { hasLimitedVolume } from '../volumes/claim';
import { checkSize } from '../volumes/options';
import type { ContainerSpec } from './spec';

/** Limit on what a container writes to its own file system. */
export interface StorageLimit {
  /** As it was written. */
  size: string;
  bytes: number;
}

/** Docker's --storage-opt: only `size` means anything. @throws E_INVALID */
export function checkStorage(options: Record<string, string> = {}): StorageLimit | undefined {
  for (const key of Object.keys(options)) if (key !== 'size') throw new DockerliteError('E_INVALID', `Unknown option ${key}`);
  const { size } = options;
  return size === undefined ? undefined : { size, bytes: checkSize(size) };
}

/** @throws E_UNSUPPORTED where the file system cannot limit */
export async function requireStorage(store: Store, { storage, mounts }: ContainerSpec): Promise<void> {
  const ofVolumes = mounts.some((mount) => mount.type === 'volume' && mount.driverOptions?.['size'] !== undefined);
  if (storage !== undefined || ofVolumes) await requireSimpleQuotas(store);
}

export async function limitStorage(store: Store, id: string, { storage }: ContainerSpec): Promise<void> {
  if (storage !== undefined) await quotaLimit(store.layout.containerRootfs(id), storage.bytes);
}

/** Before its tree goes: a full one cannot be deleted. */
export async function unlimitStorage(store: Store, id: string): Promise<void> {
  await quotaUnlimit(store.layout.containerRootfs(id));
}

/** What keeps its processes from leaving the group that is limited; nothing where nothing is. */
export function storageConfinement(store: Store, id: string, { storage, mounts }: ContainerSpec): { quotaFilter?: Buffer } {
  const limited = storage !== undefined || (mounts.some(({ type }) => type === 'volume') && hasLimitedVolume(store, id));
  return limited ? { quotaFilter: quotaFilter() } : {};
}
