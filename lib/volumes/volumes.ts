// SPDX-License-Identifier: Apache-2.0
import { volumeSizes } from '../store/sizes';
import type { Store } from '../store/store';
import { checkShape, FLAG, NAME, options, TEXT, TEXT_OF_EACH, TEXTS, TEXTS_OF_EACH } from '../util/shape';
import { createVolume, type CreateVolumeOptions, snapshotVolume } from './create';
import { listVolumes, type VolumeFilters } from './list';
import { settleVolumes } from './settle';
import { findVolume, toVolume, type Volume } from './record';
import { type PrunedVolume, pruneVolumes, type PruneVolumesOptions, removeVolume } from './remove';

const VOLUME = options({ name: TEXT, driver: TEXT, labels: TEXT_OF_EACH, options: TEXT_OF_EACH });
const PRUNE = options({ all: FLAG, filters: TEXTS_OF_EACH });

/** The volumes of a store: directories that outlive containers, each a subvolume. */
export class Volumes {
  /** @internal */
  constructor(private readonly store: Store) {}

  /** One that is there already with the same options is fine. @throws E_INVALID, E_UNSUPPORTED, E_CONFLICT */
  async create(options: CreateVolumeOptions = {}): Promise<Volume> {
    checkShape('options', options, VOLUME);
    return createVolume(this.store, options);
  }

  /** Makes `snapshot` with what the volume `name` holds now: one ioctl. @throws E_NO_SUCH_VOLUME, E_CONFLICT, E_INVALID */
  async snapshot(name: string, snapshot: string, options: { labels?: Record<string, string> } = {}): Promise<Volume> {
    for (const each of [name, snapshot]) checkShape('volume name', each, TEXT);
    checkShape('options', options, VOLUME);
    return snapshotVolume(this.store, name, snapshot, options.labels);
  }

  /** By name. */
  async list(filters: VolumeFilters = {}): Promise<Volume[]> {
    checkShape('filters', filters, TEXTS_OF_EACH);
    await settleVolumes(this.store);
    return listVolumes(this.store, filters);
  }

  /** @throws E_NO_SUCH_VOLUME */
  async get(name: string): Promise<Volume> {
    checkShape('volume name', name, NAME);
    return toVolume(this.store, findVolume(this.store, name));
  }

  /** @throws E_NO_SUCH_VOLUME, E_CONFLICT while a container has it */
  async remove(name: string): Promise<void> {
    checkShape('volume name', name, NAME);
    await removeVolume(this.store, name);
  }

  /**
   * Bytes each has written and still holds, by name; what it began with, an image's files or another volume's, is not counted.
   * Empty where the store's file system has no simple quotas.
   */
  async sizes(names: string[]): Promise<Map<string, number>> {
    checkShape('names', names, TEXTS);
    return volumeSizes(this.store, names);
  }

  /** Removes those no container has: anonymous ones, or all. Returns what went. */
  async prune(options: PruneVolumesOptions = {}): Promise<PrunedVolume[]> {
    checkShape('options', options, PRUNE);
    return pruneVolumes(this.store, options);
  }
}
