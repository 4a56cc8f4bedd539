// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';

/** What Docker hides from containers: files are covered by /dev/null, directories by an empty one. */
const MASKED_FILES = ['proc/kcore', 'proc/keys', 'proc/latency_stats', 'proc/timer_list', 'proc/timer_stats', 'proc/sched_debug', 'proc/interrupts'];
const MASKED_DIRECTORIES = ['proc/acpi', 'proc/scsi', 'proc/asound', 'sys/firmware', 'sys/devices/virtual/powercap'];
const READ_ONLY = ['proc/bus', 'proc/fs', 'proc/irq', 'proc/sys', 'proc/sysrq-trigger'];

const absolute = (path: string) => `/${path}`;
export const MASKED_PATHS: readonly string[] = [...MASKED_FILES, ...MASKED_DIRECTORIES].map(absolute).sort();
export const READ_ONLY_PATHS: readonly string[] = READ_ONLY.map(absolute);

let keys: string[] | undefined;

/**
 * What hides and protects them, once proc and a sysfs on which nothing is mounted are there: all in one, see native/supervisor/system_paths.h.
 * Only paths this kernel has: looking for one that is not there would cost every start.
 */
export function systemPathKeys(): string[] {
  const words = (how: string, paths: string[]) => paths.filter(exists).map((path) => `${how}=${path}`);
  keys ??= mountsOf([...words('read-only', READ_ONLY), ...words('null', MASKED_FILES), ...words('empty', [...MASKED_DIRECTORIES, ...thermalThrottles()])]);
  return keys;
}

/** liblxc cuts off a line of more than 4,096 bytes, and a machine may have hundreds of processors. */
export function mountsOf(words: string[], together = 32): string[] {
  const mounts: string[] = [];
  for (let i = 0; i < words.length; i += together) mounts.push(`lxc.mount.entry=system-paths proc system-paths ${words.slice(i, i + together).join()} 0 0`);
  return mounts;
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
