// SPDX-License-Identifier: Apache-2.0
import { cpus, loadavg, release, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import type { Bed } from './bed';
import { liblxcVersion } from './lifecycle';

/** What the figures depend on. */
export async function conditions(bed: Bed): Promise<Record<string, string>> {
  const all = cpus();
  return {
    kernel: release(),
    cpus: `${all.length} x ${all[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    cgroups: cgroups(),
    node: process.version,
    liblxc: await liblxcVersion(bed),
    store: bed.store.backing === 'subvolume' ? 'subvolume' : `btrfs in a ${bed.store.backing} image on ${hostFileSystem(bed.store.root)}`,
    load: `${loadavg().map((value) => value.toFixed(2)).join(' ')} at the start`,
    date: new Date().toISOString().slice(0, 10),
  };
}

function mounts(): string[][] {
  return readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' '));
}

function cgroups(): string {
  const hierarchies = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  const v1 = hierarchies.filter((line) => !line.startsWith('0::')).length;
  if (v1 === 0) return 'version 2';
  return `version 1 (${v1} hierarchies)${v1 < hierarchies.length ? ' and 2' : ''}`;
}

/** Type of the file system that holds the store's image file. */
function hostFileSystem(root: string): string {
  const holding = mounts()
    .filter(([, target]) => target !== undefined && target !== root && `${root}/`.startsWith(target === '/' ? '/' : `${target}/`))
    .sort((a, b) => (b[1] as string).length - (a[1] as string).length);
  return holding[0]?.[2] ?? 'unknown';
}
