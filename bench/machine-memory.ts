// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel keeps for itself, proc_meminfo(5): memory it can give back, page cache for one, is not counted. */
const KERNEL = ['SUnreclaim', 'KernelStack', 'PageTables', 'Percpu'];

/** KiB. */
export function kernelMemory(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return KERNEL.reduce((sum, name) => sum + Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0), 0);
}

/** Proportional set size in KiB, proc_pid_smaps_rollup(5); 0 for a process that has ended. */
export function proportionalSize(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

export interface Process {
  pid: number;
  parent: number;
  /** The first 15 bytes of its program's name. */
  name: string;
}

/** proc_pid_stat(5) of every process. */
export function processes(): Process[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const end = stat.lastIndexOf(')');
      return [{ pid: Number(pid), parent: Number(stat.slice(end + 2).split(' ')[1]), name: stat.slice(stat.indexOf('(') + 1, end) }];
    } catch {
      return [];
    }
  });
}
