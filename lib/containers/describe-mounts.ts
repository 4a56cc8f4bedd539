// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { volumeSources } from '../volumes/claim';
import { volumeMounts } from './container-volumes';
import type { MountSpec } from './mount-spec';

/** `Mounts` of Docker's inspect. */
export function describeMounts(store: Store, id: string, mounts: MountSpec[]) {
  const sources = volumeMounts(mounts).length > 0 ? volumeSources(store, id) : new Map<string, string>();
  return mounts.map((mount) => {
    const { type, target } = mount;
    if (mount.type === 'tmpfs') return { Type: type, Source: '', Destination: target, Mode: mount.options, RW: true, Propagation: '' };
    const common = { Destination: target, Mode: mount.readonly ? 'ro' : '', RW: !mount.readonly };
    if (mount.type === 'bind') return { Type: type, Source: mount.source, ...common, Propagation: mount.propagation ?? 'rprivate' };
    return { Type: type, Name: mount.name, Source: sources.get(mount.name) ?? '', ...common, Driver: 'local', Propagation: '' };
  });
}

/** What HostConfig says about them. */
export function describeHostMounts(mounts: MountSpec[], volumesFrom: string[] | undefined) {
  const binds = mounts.flatMap((mount) => {
    if (mount.type === 'tmpfs' || (mount.type === 'volume' && mount.anonymous)) return [];
    return [`${mount.type === 'bind' ? mount.source : mount.name}:${mount.target}${mount.readonly ? ':ro' : ''}`];
  });
  const tmpfs = mounts.flatMap((mount) => (mount.type === 'tmpfs' ? [[mount.target, mount.options]] : []));
  return {
    Binds: binds.length === 0 ? null : binds,
    VolumesFrom: volumesFrom ?? null,
    Tmpfs: Object.fromEntries(tmpfs) as Record<string, string>,
  };
}

/** `Volumes` of the configuration: where those that nobody gave a name are. */
export function describeVolumes(mounts: MountSpec[]): Record<string, Record<string, never>> | null {
  const targets = volumeMounts(mounts).filter(({ anonymous }) => anonymous).map(({ target }) => target);
  return targets.length === 0 ? null : Object.fromEntries(targets.map((target) => [target, {}]));
}
