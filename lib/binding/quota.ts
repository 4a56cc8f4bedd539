// SPDX-License-Identifier: Apache-2.0
import { loadAddon } from './load';
import { native } from './native-error';
import type { NativePath, QuotaMode } from './types';

const addon = () => loadAddon('dockerlite');

/** Which quotas the file system of `path` has: only simple ones cost nothing. */
export function quotaMode(path: NativePath): Promise<QuotaMode> {
  return native(() => addon().quotaMode(path));
}

/** Turns simple quotas on (Linux 6.7); kernels without them can then no longer mount the file system. */
export function quotaEnable(path: NativePath): Promise<void> {
  return native(() => addon().quotaEnable(path));
}

/** Limits what a subvolume and those made inside it may hold together, in bytes written since it was made. */
export function quotaLimit(subvolume: NativePath, bytes: number): Promise<void> {
  return native(() => addon().quotaLimit(subvolume, bytes));
}

/** Takes the limit off: a full subvolume cannot even be deleted. Fine when there is none. Waits for a commit. */
export function quotaUnlimit(subvolume: NativePath): Promise<void> {
  return native(() => addon().quotaUnlimit(subvolume));
}

/** Bytes that each subvolume and those inside it have written and still hold, as of the last commit. */
export function quotaSizes(path: NativePath, subvolumes: NativePath[]): Promise<number[]> {
  return native(() => addon().quotaSizes(path, subvolumes));
}

/** Groups that count nothing any more, as LEVEL/ID; removed with `destroy`. */
export function quotaStale(path: NativePath, destroy: boolean): Promise<string[]> {
  return native(() => addon().quotaStale(path, destroy));
}
