// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';

let unified: boolean | undefined;

/** cgroup v2 alone at /sys/fs/cgroup; false on v1 and on hybrid machines, where v1 holds the controllers. */
export function hasUnifiedCgroups(): boolean {
  unified ??= existsSync('/sys/fs/cgroup/cgroup.controllers');
  return unified;
}

/** Directories a container's processes are found in, most telling first: `PATH/cgroup.procs`. */
export function cgroupDirectories(path: string): string[] {
  if (hasUnifiedCgroups()) return [`/sys/fs/cgroup/${path}`];
  return ['pids', 'devices', 'memory', 'freezer', 'systemd', 'unified'].map((name) => `/sys/fs/cgroup/${name}/${path}`);
}

/** Kernel release as uname(2) has it. */
export function kernelRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'latin1').trim();
}
