// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { cgroupDirectories } from '../../binding/features';
import type { ContainerRow } from '../record';

/** A container's processes, in the host's numbers: from its cgroup; where that cannot be found, init and what descends from it. */
export function processIds(row: ContainerRow): number[] {
  for (const directory of cgroupDirectories(`lxc.payload.${row.id}`)) {
    const pids = processesIn(directory);
    if (pids.length > 0) return pids.sort((a, b) => a - b);
  }
  return [row.pid, ...descendants(row.pid)];
}

/** A container may have made groups of its own inside. */
function processesIn(directory: string): number[] {
  try {
    const own = readFileSync(`${directory}/cgroup.procs`, 'latin1').split('\n').filter((line) => line !== '').map(Number);
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...own, ...below.flatMap((entry) => processesIn(`${directory}/${entry.name}`))];
  } catch {
    return [];
  }
}

function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter((word) => word !== '').map(Number);
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}
