// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasUnifiedCgroups } from '../binding/features';
import { probeSockets } from '../binding/supervisor';
import * as net from '../binding/net';
import { vethName } from '../network/attachment';
import { openings } from '../network/egress-elements';
import { removeElements } from '../network/tables';
import type { Store } from '../store/store';
import { forgetNames } from './name-orders';
import { attachmentsOf, containerElements, tablesOf } from './network-state';
import { networkingOf } from './networking';
import { containerById, specOf } from './record';

const CGROUP_ROOT = '/sys/fs/cgroup';

/** What a container leaves when its supervisor was killed instead of ending. */
export interface Remains {
  /** Processes that run on without a supervisor. */
  pids: number[];
  cgroups: string[];
  /** Names of the host's ends of its veth pairs. */
  veths: string[];
}

export function findRemains(id: string): Remains {
  const cgroups = cgroupsOf(id);
  const payload = cgroups.filter((path) => path.includes('/lxc.payload.'));
  return { pids: [...new Set(payload.flatMap(processesIn))], cgroups, veths: readdirSync('/sys/class/net').filter((name) => name.startsWith(vethName(id))) };
}

/**
 * Ends what still runs and removes what is left outside the store: cgroups, the veth, the run directory. Only for a
 * container whose supervisor is known to be dead.
 */
export async function clearRemains(store: Store, id: string): Promise<Remains> {
  const remains = findRemains(id);
  await endProcesses(id);
  await forgetContainer(store, id);
  for (const veth of remains.veths) await net.deleteLink(veth).catch(() => undefined); // it goes with its namespace, perhaps just now
  // Last, and only when nothing else is left: it is what tells whoever looks next that there may be something.
  if (await removeCgroups(id)) rmSync(store.layout.runDir(id), { recursive: true, force: true });
  return remains;
}

/** For a moment after its last process has ended a group is still in use. False when it stays so. */
async function removeCgroups(id: string): Promise<boolean> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const left = cgroupsOf(id);
    if (left.length === 0) return true;
    for (const path of left) removeCgroup(path);
    if (attempt > 0) await delay(2);
  }
  return false;
}

/** What a supervisor left that was killed after its container's end, while liblxc cleaned up. Cheap when there is nothing. */
export async function clearAbandoned(store: Store, id: string): Promise<void> {
  if (existsSync(store.layout.runDir(id)) && probeSockets([store.layout.controlSocket(id)])[0] !== true) await clearRemains(store, id);
}

/** What the rules say of a container that has ended without its supervisor taking it back. */
async function forgetContainer(store: Store, id: string): Promise<void> {
  const row = containerById(store, id);
  if (row === undefined) return;
  const attachments = attachmentsOf(store, row);
  forgetNames(store, row, attachments);
  const restricted = networkingOf(specOf(row)).egress !== undefined;
  await removeElements([...containerElements(store, row), ...(restricted ? await openings(tablesOf(store).name, attachments) : [])]);
}

/** liblxc appends -1, -2, ... where a name is taken. */
function cgroupsOf(id: string): string[] {
  const names = new RegExp(`^lxc\\.(?:payload|monitor)\\.${id}(?:-\\d+)?$`);
  const hierarchies = hasUnifiedCgroups() ? [CGROUP_ROOT] : list(CGROUP_ROOT).map((name) => `${CGROUP_ROOT}/${name}`);
  return hierarchies.flatMap((path) => list(path).filter((name) => names.test(name)).map((name) => `${path}/${name}`));
}

function processesIn(cgroup: string): number[] {
  const own = read(`${cgroup}/cgroup.procs`).split('\n').filter((line) => line !== '').map(Number);
  return [...own, ...list(cgroup).flatMap((name) => processesIn(`${cgroup}/${name}`))];
}

async function endProcesses(id: string): Promise<void> {
  for (;;) {
    const { pids, cgroups } = findRemains(id);
    if (pids.length === 0) return;
    for (const path of cgroups) thaw(path);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // ended in between
      }
    }
    await delay(2); // a killed process is gone when the kernel has taken it apart
  }
}

/** With control groups v1 a frozen process is not killed before it runs again. */
function thaw(cgroup: string): void {
  try {
    if (existsSync(`${cgroup}/freezer.state`)) writeFileSync(`${cgroup}/freezer.state`, 'THAWED');
  } catch {
    // gone in between
  }
}

/** Children first; a group that is not empty yet stays, and is found again. */
function removeCgroup(path: string): void {
  for (const name of list(path)) removeCgroup(`${path}/${name}`);
  try {
    rmdirSync(path);
  } catch {
    // a file, or still in use
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
