// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { hasUnifiedCgroups } from '../binding/features';
import { programPath } from '../binding/load';
import { capabilitiesForLxc, capabilityMask } from '../security/capabilities';
import { idmapKeys } from '../security/id-ranges';
import type { Layout } from '../store/layout';
import { cgroupFeatures } from './cgroup-features';
import { mountEntry } from './mount-entry';
import { cgroupSettings } from './resource-keys';
import type { ContainerSpec } from './spec';

/** Devices every container may use, as Docker and runc allow them: mknod of anything, use of these. */
const DEVICES = ['c *:* m', 'b *:* m', 'c 1:3 rwm', 'c 1:5 rwm', 'c 1:7 rwm', 'c 1:8 rwm', 'c 1:9 rwm', 'c 5:0 rwm', 'c 5:1 rwm', 'c 5:2 rwm', 'c 136:* rwm', 'c 10:200 rwm'];

/** Where the shim is found inside every container. */
export const SHIM_PATH = '/dev/.dockerlite/init';

// Paths of this kernel only are listed at run time: a mount that is bound to fail would still cost its attempt.
const MASKED_FILES = ['proc/kcore', 'proc/keys', 'proc/latency_stats', 'proc/timer_list', 'proc/sched_debug', 'proc/interrupts'].filter(exists);
const MASKED_DIRECTORIES = ['proc/acpi', 'proc/scsi', 'proc/asound', 'sys/firmware', 'sys/devices/virtual/powercap'].filter(exists);
const READ_ONLY = ['proc/bus', 'proc/fs', 'proc/irq', 'proc/sys', 'proc/sysrq-trigger'].filter(exists);

function exists(path: string): boolean {
  return existsSync(`/${path}`);
}

/**
 * What liblxc is told about a container: `key=value` pairs, lxc.container.conf(5). `network` comes from
 * network/lxc-net.ts; `firstId` is what its root is on the host, 0 without a user namespace.
 */
export function lxcConfig(layout: Layout, id: string, spec: ContainerSpec, network: string[], firstId = 0): string[] {
  const rootOptions = [...(spec.readonlyRootfs ? ['ro'] : []), ...(firstId > 0 ? ['idmap=container'] : [])];
  return [
    ...idmapKeys(firstId),
    `lxc.rootfs.path=dir:${layout.containerRootfs(id)}`,
    `lxc.uts.name=${spec.hostname}`,
    // stdin, stdout and stderr are the supervisor's own pipes; a terminal is opened by the shim.
    'lxc.console.path=none',
    'lxc.tty.max=0',
    'lxc.pty.max=1024',
    'lxc.autodev=1',
    `lxc.mount.entry=${programPath('dockerlite-init')} dev/.dockerlite/init none bind,ro,nosuid,create=file 0 0`,
    'lxc.mount.entry=shm dev/shm tmpfs nosuid,nodev,noexec,mode=1777,size=65536k,create=dir 0 0',
    'lxc.mount.entry=mqueue dev/mqueue mqueue nosuid,nodev,noexec,create=dir 0 0',
    ...etcMounts(layout.container(id)),
    ...spec.mounts.map(mountEntry),
    ...(rootOptions.length > 0 ? [`lxc.rootfs.options=${rootOptions.join(',')}`] : []),
    ...privileges(spec),
    ...limits(spec),
    ...network,
  ];
}

function etcMounts(directory: string): string[] {
  return ['hosts', 'hostname', 'resolv.conf'].map((name) => `lxc.mount.entry=${directory}/${name} etc/${name} none bind 0 0`);
}

function limits({ resources }: ContainerSpec): string[] {
  if (resources === undefined) return [];
  const features = cgroupFeatures();
  const prefix = features.unified ? 'lxc.cgroup2' : 'lxc.cgroup';
  return cgroupSettings(resources, features).map(({ file, value }) => `${prefix}.${file}=${value}`);
}

function privileges(spec: ContainerSpec): string[] {
  const common = ['lxc.apparmor.profile=unconfined', 'lxc.mount.auto=proc:rw'];
  if (spec.privileged) return [...common, 'lxc.mount.auto=sys:rw'];
  const key = hasUnifiedCgroups() ? 'lxc.cgroup2.devices' : 'lxc.cgroup.devices';
  return [
    ...common,
    'lxc.mount.auto=sys:ro',
    ...READ_ONLY.map((path) => `lxc.mount.entry=${path} ${path} none bind,ro,optional,relative 0 0`),
    ...MASKED_FILES.map((path) => `lxc.mount.entry=/dev/null ${path} none bind,optional 0 0`),
    ...MASKED_DIRECTORIES.map((path) => `lxc.mount.entry=tmpfs ${path} tmpfs ro,nosuid,nodev,noexec,optional 0 0`),
    `lxc.cap.keep=${capabilitiesForLxc(capabilityMask(spec.isolation)).join(' ')}`,
    `${key}.deny=a`,
    ...DEVICES.map((device) => `${key}.allow=${device}`),
  ];
}
