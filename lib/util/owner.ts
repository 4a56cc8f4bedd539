// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { systemError } from './system-error';

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
  const named = processOf(owner);
  return named !== undefined && startTime(named.pid) === named.start;
}

/** The process that `owner` names, running or not; undefined for one of another boot. */
export function processOf(owner: Owner): { pid: number; start: string } | undefined {
  const boot = bootId();
  const from = boot.length + 1;
  const colon = owner.indexOf(':', from);
  if (!owner.startsWith(boot) || owner[from - 1] !== ':' || colon <= from || colon + 1 === owner.length) return undefined;
  return { pid: Number(owner.slice(from, colon)), start: owner.slice(colon + 1) };
}

/** What this process is at work on now, and in how many places. */
const work = new Map<string, number>();

/** Says that this process is at work on something, until what it returns is called, once or more often. */
export function beginWork(what: string): () => void {
  work.set(what, (work.get(what) ?? 0) + 1);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    const rest = (work.get(what) ?? 0) - 1;
    if (rest > 0) work.set(what, rest);
    else work.delete(what);
  };
}

/** Does `job`, which is this process's work on these things. A system call that fails in it is a DockerliteError. */
export async function atWork<T>(things: string[], job: () => Promise<T>): Promise<T> {
  const ends = things.map(beginWork);
  try {
    return await job();
  } catch (error) {
    throw systemError(error);
  } finally {
    for (const end of ends) end();
  }
}

/**
 * Whether `owner` is at work on something still. Of this process that is known exactly: what it failed to take back when
 * something went wrong is not held up for as long as it runs.
 */
export function isAtWork(owner: Owner, what: string): boolean {
  return owner === currentOwner() ? work.has(what) : isAlive(owner);
}
