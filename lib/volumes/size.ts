// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { subvolumeSize } from '../store/tree-size';
import type { Volume } from './record';

/** Bytes of its files; undefined for a volume that is a directory elsewhere on the host. */
export async function volumeSize({ layout }: Store, { name, mountpoint }: Volume, signal?: AbortSignal): Promise<number | undefined> {
  return mountpoint === layout.volumeData(name) ? subvolumeSize(layout, mountpoint, signal) : undefined;
}
