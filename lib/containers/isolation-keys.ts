// SPDX-License-Identifier: Apache-2.0
import { hasUnifiedCgroups } from '../binding/features';
import { appArmorProfile } from '../security/apparmor';
import { capabilitiesForLxc, capabilityMask } from '../security/capabilities';
import { deviceRules, findDevices } from '../security/devices';
import type { Isolation } from '../security/isolation';
import { systemPathKeys } from '../security/system-paths';
import { escapeField } from './fstab';
import type { ContainerSpec } from './spec';

/** How a container is kept apart, as liblxc takes it; `shared` are the keys of namespaces it has from other containers. */
export function isolationKeys({ privileged, network, isolation = {} }: ContainerSpec, hasOwnIds: boolean, shared: string[]): string[] {
  return [
    `lxc.apparmor.profile=${privileged ? 'unconfined' : appArmorProfile(isolation.apparmor)}`,
    'lxc.mount.auto=proc:rw',
    // Nothing but the mount of a fresh sysfs would show a container its own network only.
    `lxc.mount.entry=sysfs sys sysfs ${privileged ? 'rw' : 'ro'},nosuid,nodev,noexec 0 0`,
    ...(privileged || isolation.systemPathsUnconfined ? [] : systemPathKeys()),
    ...(hasUnifiedCgroups() && isolation.cgroupnsMode !== 'host' ? [controlGroups(privileged)] : []),
    ...(privileged ? [] : [`lxc.cap.keep=${capabilitiesForLxc(capabilityMask(isolation)).join(' ')}`]),
    ...deviceKeys(privileged, isolation),
    ...namespaceKeys(isolation, hasOwnIds, network === 'host'),
    ...shared,
    ...(isolation.oomScoreAdj === undefined ? [] : [`lxc.proc.oom_score_adj=${isolation.oomScoreAdj}`]),
    ...(isolation.oomKillDisable && !hasUnifiedCgroups() ? ['lxc.cgroup.memory.oom_control=1'] : []),
  ];
}

/** Its own part of the hierarchy, by which programs see their limits. */
function controlGroups(privileged: boolean): string {
  return `lxc.mount.entry=cgroup2 sys/fs/cgroup cgroup2 ${privileged ? 'rw' : 'ro'},nosuid,nodev,noexec,optional 0 0`;
}

/** /dev/shm and the message queues, of whoever's IPC namespace it is. */
export function ipcMounts({ isolation = {} }: ContainerSpec, ipcProcess: number | undefined): string[] {
  const { ipcMode, shmSize = 64 * 1024 ** 2 } = isolation;
  if (ipcMode === 'host') return ['shm', 'mqueue'].map((name) => `lxc.mount.entry=/dev/${name} dev/${name} none bind,optional,create=dir 0 0`);
  const queues = 'lxc.mount.entry=mqueue dev/mqueue mqueue nosuid,nodev,noexec,create=dir 0 0';
  if (ipcMode === 'none') return [queues];
  if (ipcProcess !== undefined) return [`lxc.mount.entry=/dev/shm dev/shm none bind,nosuid,nodev,noexec,create=dir,x-of=${ipcProcess} 0 0`, queues];
  return [`lxc.mount.entry=shm dev/shm tmpfs nosuid,nodev,noexec,mode=1777,size=${shmSize},create=dir 0 0`, queues];
}

function deviceKeys(privileged: boolean, { devices = [], deviceCgroupRules = [] }: Partial<Isolation>): string[] {
  const nodes = findDevices(devices);
  const mounts = nodes.map(({ host, container }) => `lxc.mount.entry=${escapeField(host)} ${escapeField(container.slice(1))} none bind,create=file 0 0`);
  if (privileged) return mounts;
  return [...mounts, ...deviceRules(hasUnifiedCgroups() ? 'lxc.cgroup2.devices' : 'lxc.cgroup.devices', nodes, deviceCgroupRules)];
}

/** What is listed as kept is the host's, and liblxc makes every other kind anew: those that are not wanted must be listed too. */
function namespaceKeys({ pidMode, ipcMode, utsMode, cgroupnsMode }: Partial<Isolation>, hasOwnIds: boolean, hostNetwork: boolean): string[] {
  const hosts = Object.entries({ pid: pidMode, ipc: ipcMode, uts: utsMode, cgroup: cgroupnsMode }).filter(([, mode]) => mode === 'host');
  if (hosts.length === 0) return [];
  const kept = [...hosts.map(([name]) => name), ...(hasOwnIds ? [] : ['user']), ...(hostNetwork ? ['net'] : []), 'time'];
  return [`lxc.namespace.keep=${kept.join(' ')}`];
}
