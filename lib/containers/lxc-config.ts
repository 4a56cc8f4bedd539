// SPDX-License-Identifier: Apache-2.0
import { programPath } from '../binding/load';
import { idmapKeys } from '../security/id-ranges';
import type { Layout } from '../store/layout';
import { cgroupFeatures } from './cgroup-features';
import type { EtcFile } from './etc-files';
import { escapeField } from './fstab';
import { ipcMounts, isolationKeys } from './isolation-keys';
import { mountEntry } from './mount-entry';
import { cgroupSettings } from './resource-keys';
import { sharedNetworkOf } from './networking';
import { NOT_SHARED, type SharedNamespaces } from './shared-namespaces';
import type { ContainerSpec } from './spec';

/** Where the shim is found inside every container. */
export const SHIM_PATH = '/dev/.dockerlite/init';

/**
 * What liblxc is told about a container: `key=value` pairs, lxc.container.conf(5). `network` comes from
 * network/lxc-net.ts; the last is what it has in common with other containers, and whose ids it has.
 */
export function lxcConfig(layout: Layout, id: string, spec: ContainerSpec, network: string[], etc: EtcFile[], { firstId, ...shared }: SharedNamespaces = NOT_SHARED): string[] {
  const rootOptions = [...(spec.readonlyRootfs ? ['ro'] : []), ...(firstId > 0 ? ['idmap=container'] : [])];
  // Files that the supervisor gives their owner itself, or that are only read: see native/supervisor/host_mounts.h.
  const asIs = firstId > 0 ? ',x-asis' : '';
  return [
    ...idmapKeys(firstId),
    `lxc.rootfs.path=dir:${layout.containerRootfs(id)}`,
    ...(spec.isolation?.utsMode === 'host' ? [] : [`lxc.uts.name=${spec.hostname}`]),
    // stdin, stdout and stderr are the supervisor's own pipes; a terminal is opened by the shim.
    'lxc.console.path=none',
    'lxc.tty.max=0',
    'lxc.pty.max=1024',
    'lxc.autodev=1',
    `lxc.mount.entry=${escapeField(programPath('dockerlite-init'))} dev/.dockerlite/init none bind,ro,nosuid,create=file${asIs} 0 0`,
    ...ipcMounts(spec, shared.ipcProcess),
    ...spec.mounts.map(mountEntry),
    ...etcMounts(layout.container(sharedNetworkOf(spec.network) ?? id), etc, asIs),
    ...(rootOptions.length > 0 ? [`lxc.rootfs.options=${rootOptions.join(',')}`] : []),
    ...isolationKeys(spec, firstId > 0, shared.keys),
    ...limitKeys(spec),
    ...network,
  ];
}

function etcMounts(directory: string, files: EtcFile[], asIs: string): string[] {
  return files.map(({ name, target, mounted }) => {
    return `lxc.mount.entry=${escapeField(directory)}/${name} ${escapeField(target.slice(1))} none bind${mounted ? ',create=file' : ''}${asIs} 0 0`;
  });
}

/** Its limits, as liblxc writes them to control groups. */
export function limitKeys({ resources }: Pick<ContainerSpec, 'resources'>): string[] {
  if (resources === undefined) return [];
  const features = cgroupFeatures();
  const prefix = features.unified ? 'lxc.cgroup2' : 'lxc.cgroup';
  return cgroupSettings(resources, features).map(({ file, value }) => `${prefix}.${file}=${value}`);
}
