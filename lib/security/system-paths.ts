// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';

/** What Docker hides from containers: files are covered by /dev/null, directories by an empty one. */
const MASKED_FILES = ['proc/kcore', 'proc/keys', 'proc/latency_stats', 'proc/timer_list', 'proc/timer_stats', 'proc/sched_debug', 'proc/interrupts'];
const MASKED_DIRECTORIES = ['proc/acpi', 'proc/scsi', 'proc/asound', 'sys/firmware', 'sys/devices/virtual/powercap'];
const READ_ONLY = ['proc/bus', 'proc/fs', 'proc/irq', 'proc/sys', 'proc/sysrq-trigger'];

const absolute = (path: string) => `/${path}`;
export const MASKED_PATHS: readonly string[] = [...MASKED_FILES, ...MASKED_DIRECTORIES].map(absolute).sort();
export const READ_ONLY_PATHS: readonly string[] = READ_ONLY.map(absolute);

/**
 * What covers them: of a fresh sysfs, where nothing can be made. A tmpfs for each, as Docker has it, costs: every file system takes
 * some kilobytes of the kernel's, and some more in each control group of the machine.
 */
const EMPTY = 'sys/fs/cgroup';

let keys: string[] | undefined;

/** The mounts, for a sysfs on which nothing is mounted yet, that hide and protect them. Only paths this kernel has: a mount that is bound to fail would still cost its attempt. */
export function systemPathKeys(): string[] {
  keys ??= [
    ...READ_ONLY.filter(exists).map((path) => `lxc.mount.entry=${path} ${path} none bind,ro,optional,relative 0 0`),
    ...MASKED_FILES.filter(exists).map((path) => `lxc.mount.entry=/dev/null ${path} none bind,optional 0 0`),
    ...[...MASKED_DIRECTORIES.filter(exists), ...thermalThrottles()].map((path) => `lxc.mount.entry=${EMPTY} ${path} none bind,ro,nosuid,nodev,noexec,optional,relative 0 0`),
  ];
  return keys;
}

/** Counters of each processor, by which one container could tell what others compute. */
function thermalThrottles(): string[] {
  const found: string[] = [];
  for (let cpu = 0; ; cpu++) {
    const path = `sys/devices/system/cpu/cpu${cpu}/thermal_throttle`;
    if (!exists(path)) return found;
    found.push(path);
  }
}

function exists(path: string): boolean {
  return existsSync(absolute(path));
}
