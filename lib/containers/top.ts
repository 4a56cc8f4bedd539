// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { cgroupDirectories } from '../binding/features';
import type { Context } from '../context';
import { firstHostId, RANGE_SIZE } from '../security/id-ranges';
import { recordContainerEvent } from './container-events';
import type { ContainerRow } from './record';
import { requireState } from './state';

/** As Docker's: column titles and a row a process. */
export interface ProcessList {
  titles: string[];
  processes: string[][];
}

const TITLES = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];
/** USER_HZ: /proc counts in hundredths of a second on every architecture Node runs on. */
const HZ = 100;

/** The container's processes as `ps -ef` on the host shows them, but for their users, which are the container's. @throws E_NOT_RUNNING */
export function containerProcesses({ store }: Context, row: ContainerRow): ProcessList {
  requireState('top', row);
  const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  const firstId = firstHostId(store.marker, row.id_range);
  const bootMs = Date.now() - uptime * 1000;
  const processes = processIds(row).flatMap((pid) => {
    const line = describeProcess(pid, bootMs, uptime, firstId);
    return line === undefined ? [] : [line];
  });
  recordContainerEvent(store, row, 'top');
  return { titles: TITLES, processes };
}

/** From its cgroup; where that cannot be found, init and what descends from it. */
function processIds(row: ContainerRow): number[] {
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

function describeProcess(pid: number, bootMs: number, uptime: number, firstId: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold anything, so fields are counted from its closing parenthesis; see proc_pid_stat(5).
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => Number(fields[number - 3]);
    const ticks = field(14) + field(15);
    const started = field(22) / HZ;
    const percent = Math.min(99, Math.floor((ticks / HZ / Math.max(uptime - started, 0.01)) * 100));
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
    return [
      userName(insideId(statSync(`/proc/${pid}`).uid, firstId)),
      String(pid),
      String(field(4)),
      String(percent),
      clock(bootMs + started * 1000),
      terminal(field(7)),
      duration(Math.floor(ticks / HZ)),
      command === '' ? `[${name}]` : command,
    ];
  } catch {
    return undefined; // it has ended
  }
}

/** An id of the host as the container has it; one that is not the container's stays. */
function insideId(id: number, first: number): number {
  return id >= first && id < first + RANGE_SIZE ? id - first : id;
}

let users: Map<number, string> | undefined;

/** As ps(1) on the host names it. */
function userName(uid: number): string {
  if (users === undefined) {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
    users = new Map(lines.map(([name, , id]) => [Number(id), name ?? '']));
  }
  return users.get(uid) ?? String(uid);
}

function clock(ms: number): string {
  const date = new Date(ms);
  if (Date.now() - ms > 24 * 3600 * 1000) return date.toLocaleDateString('en', { month: 'short', day: '2-digit' }).replace(' ', '');
  return `${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** Major 136 and up are pseudo-terminals (Documentation/admin-guide/devices.txt). */
function terminal(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  return major >= 136 && major <= 143 ? `pts/${(major - 136) * 256 + minor}` : '?';
}

function duration(seconds: number): string {
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
