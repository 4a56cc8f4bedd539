// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/**
 * Names a process for as long as the machine is up: pid and start time (field 22 of /proc/PID/stat, clock ticks since
 * boot), with the boot's id so that a name from before a reboot never matches. See proc_pid_stat(5).
 */
export type Owner = string;

let self: Owner | undefined;
let boot: string | undefined;

export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  return boot;
}

/**
 * Start time of a process, or '' when there is none. One that was killed is there until its last thread is: a thread in
 * the middle of an ioctl finishes that first, and until then nothing of the process is closed either.
 */
export function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name may hold anything, so fields are counted from its closing parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isDead = fields[0] === 'Z' && Number(fields[17]) <= 1; // field 20, number of threads
    return isDead ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

/** `start` is looked up when it is not known. */
export function ownerOf(pid: number, start = startTime(pid)): Owner {
  return `${bootId()}:${pid}:${start}`;
}

/** The calling process. */
export function currentOwner(): Owner {
  self ??= ownerOf(process.pid);
  return self;
}

/** Whether the process that `owner` names still runs. */
export function isAlive(owner: Owner): boolean {
  const [bootPart, pid, start] = owner.split(':');
  if (!bootPart || !pid || !start || bootPart !== bootId()) return false;
  return startTime(Number(pid)) === start;
}
