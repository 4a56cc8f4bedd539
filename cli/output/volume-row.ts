// SPDX-License-Identifier: Apache-2.0
import type { Volume } from '../../lib/volumes/record';

/** What a template of `volume ls` may name, in the order Docker's JSON has. */
export interface VolumeFields {
  Availability: string;
  Driver: string;
  Group: string;
  /** `{{.Label "key"}}` in a template; not part of the JSON. */
  Label: (key?: unknown) => string;
  Labels: string;
  Links: string;
  Mountpoint: string;
  Name: string;
  Scope: string;
  Size: string;
  Status: string;
}

export const VOLUME_HEADINGS: VolumeFields = {
  Availability: 'AVAILABILITY',
  Driver: 'DRIVER',
  Group: 'GROUP',
  Label: (key) => String(key ?? ''),
  Labels: 'LABELS',
  Links: 'LINKS',
  Mountpoint: 'MOUNTPOINT',
  Name: 'VOLUME NAME',
  Scope: 'SCOPE',
  Size: 'SIZE',
  Status: 'STATUS',
};

export function volumeFields({ name, driver, labels, mountpoint }: Volume): VolumeFields {
  return {
    Availability: 'N/A',
    Driver: driver,
    Group: 'N/A',
    Label: (key) => (typeof key === 'string' && Object.hasOwn(labels, key) ? (labels[key] as string) : ''),
    Labels: Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(','),
    Links: 'N/A',
    Mountpoint: mountpoint,
    Name: name,
    Scope: 'local',
    Size: 'N/A',
    Status: 'N/A',
  };
}

/** Docker Engine API v1.44, Volume. */
export function volumeInfo({ name, driver, labels, mountpoint, created, options }: Volume) {
  return {
    CreatedAt: new Date(created).toISOString().replace(/\.\d+Z$/, 'Z'),
    Driver: driver,
    Labels: Object.keys(labels).length === 0 ? null : labels,
    Mountpoint: mountpoint,
    Name: name,
    Options: Object.keys(options).length === 0 ? null : options,
    Scope: 'local',
  };
}
