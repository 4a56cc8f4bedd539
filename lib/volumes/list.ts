// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { booleanFilter } from '../util/boolean-filter';
import { hasLabel } from '../util/labels';
import { toVolume, type Volume, type VolumeRow } from './record';

/** Docker's filters; values of one key are alternatives, but for labels, all of which must be there. */
export interface VolumeFilters {
  dangling?: string[];
  driver?: string[];
  label?: string[];
  'label!'?: string[];
  name?: string[];
}

type Row = VolumeRow & { uses: number };

const FILTERS: Record<keyof VolumeFilters, (volume: Volume, values: string[], uses: number) => boolean> = {
  dangling: (_, values, uses) => values.some((value) => booleanFilter('dangling', value) === (uses === 0)),
  driver: (volume, values) => values.includes(volume.driver),
  label: (volume, values) => values.every((value) => hasLabel(volume.labels, value)),
  'label!': (volume, values) => !values.some((value) => hasLabel(volume.labels, value)),
  name: (volume, values) => values.some((value) => volume.name.includes(value)),
};

/** By name. @throws E_INVALID for a filter Docker does not know either */
export async function listVolumes(store: Store, filters: VolumeFilters = {}): Promise<Volume[]> {
  const given = Object.entries(filters) as [keyof VolumeFilters, string[]][];
  for (const [key, values] of given) {
    if (!Object.hasOwn(FILTERS, key)) throw new DockerliteError('E_INVALID', `invalid filter '${key}'`);
    if (key === 'dangling') values.forEach((value) => booleanFilter(key, value));
  }
  const rows = store.db.all<Row>(
    `SELECT volumes.*, (SELECT count(*) FROM volume_uses WHERE volume = name) AS uses
     FROM volumes WHERE state IN ('ready', 'filling') ORDER BY name`,
  );
  return rows.flatMap((row) => {
    const volume = toVolume(store, row);
    return given.every(([key, values]) => FILTERS[key](volume, values, row.uses)) ? [volume] : [];
  });
}
