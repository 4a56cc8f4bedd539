// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { RANGE_SIZE } from '../../security/id-ranges';

/** USER_HZ: /proc counts in hundredths of a second on every architecture Node runs on. */
const HZ = 100;

/** What /proc tells of a process; see proc_pid_stat(5) and proc_pid_status(5). */
export interface Process {
  pid: number;
  ppid: number;
  /** As the container has them. */
  ids: { ruid: number; euid: number; rgid: number; egid: number };
  name: string;
  /** In brackets where it has no arguments. */
  command: string;
  state: string;
  pgrp: number;
  session: number;
  /** Device number of its terminal. */
  tty: number;
  foreground: number;
  flags: number;
  priority: number;
  nice: number;
  threads: number;
  processor: number;
  /** Seconds of processor time. */
  seconds: number;
  /** ms since the epoch. */
  started: number;
  /** Seconds since then. */
  age: number;
  /** KiB. */
  virtual: number;
  resident: number;
  locked: number;
  /** Of the machine's memory, KiB. */
  memory: number;
}

export interface Machine {
  uptime: number;
  bootMs: number;
}

export function readMachine(): Machine {
  const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  return { uptime, bootMs: Date.now() - uptime * 1000 };
}

/** undefined when it has ended. `firstId` is the host's number of the container's root. */
export function readProcess(pid: number, firstId: number, { uptime, bootMs }: Machine): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
    // The name may hold anything, so fields are counted from its closing parenthesis.
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    const line = (key: string) => (new RegExp(`^${key}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).map(Number);
    const inside = (id = 0) => insideId(id, firstId);
    const [ruid, euid] = line('Uid');
    const [rgid, egid] = line('Gid');
    const started = field(22) / HZ;
    return {
      ...{ pid, ppid: field(4), name, command: command === '' ? `[${name}]` : command, state: fields[0] ?? '?' },
      ids: { ruid: inside(ruid), euid: inside(euid), rgid: inside(rgid), egid: inside(egid) },
      ...{ pgrp: field(5), session: field(6), tty: field(7), foreground: field(8), flags: field(9) },
      ...{ priority: field(18), nice: field(19), threads: field(20), processor: field(39) },
      ...{ seconds: (field(14) + field(15)) / HZ, started: bootMs + started * 1000, age: Math.max(uptime - started, 0.01) },
      ...{ virtual: line('VmSize')[0] ?? 0, resident: line('VmRSS')[0] ?? 0, locked: line('VmLck')[0] ?? 0, memory: totalmem() / 1024 },
    };
  } catch {
    return undefined;
  }
}

/** An id of the host as the container has it; one that is not the container's stays. */
function insideId(id: number, first: number): number {
  return id >= first && id < first + RANGE_SIZE ? id - first : id;
}
