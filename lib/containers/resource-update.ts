// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from 'node:fs/promises';
import { DockerliteError } from '../errors';
import { cgroupFeatures } from './cgroup-features';
import { payloadCgroup } from './payload-cgroup';
import type { ContainerRow } from './record';
import { checkResources, type CheckedResources } from './resource-check';
import { cgroupSettings } from './resource-keys';
import type { Resources } from './resources';

/** The limits a container has, with changes; 0 and '' change nothing, as with Docker. @throws E_INVALID */
export function mergeLimits(current: Partial<Resources> = {}, changes: Partial<Resources>): CheckedResources {
  const wanted = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined && value !== 0 && value !== '')) as Partial<Resources>;
  const conflict = (one: string, other: string) => new DockerliteError('E_INVALID', `Conflicting options: ${one} cannot be updated as ${other} has already been set`);
  if (current.nanoCpus) {
    if (wanted.cpuPeriod) throw conflict('CPU Period', 'NanoCPUs');
    if (wanted.cpuQuota) throw conflict('CPU Quota', 'NanoCPUs');
  } else if (wanted.nanoCpus) {
    if (current.cpuPeriod) throw conflict('Nano CPUs', 'CPU Period');
    if (current.cpuQuota) throw conflict('Nano CPUs', 'CPU Quota');
  }
  const { memory = 0 } = wanted;
  if (wanted.memorySwap === undefined && (current.memorySwap ?? 0) > 0 && memory > (current.memorySwap as number)) {
    throw new DockerliteError('E_INVALID', 'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time');
  }
  return checkResources({ ...current, ...wanted });
}

export type Files = { path: string; value: string }[];

/** Files of a running container's control groups that limits have other values for than those before. @throws E_NOT_RUNNING */
export function changedFiles(row: ContainerRow, before: Partial<Resources> | undefined, after: Partial<Resources> | undefined): Files {
  const features = cgroupFeatures();
  const had = new Set(cgroupSettings(before, features).map(({ file, value }) => `${file} ${value}`));
  const changed = cgroupSettings(after, features).filter(({ file, value }) => !had.has(`${file} ${value}`));
  return changed.map(({ file, value }) => ({ path: `${payloadCgroup(row, file.split('.')[0] as string)}/${file}`, value }));
}

/** Writes them: all of them or none. @throws what the kernel or a limit below what is used says */
export async function writeLimits(files: Files): Promise<void> {
  const done: Files = [];
  try {
    for (const { path, value } of await inOrder(files)) {
      const old = (await readFile(path, 'latin1')).trim();
      await set(path, value);
      done.unshift({ path, value: old });
    }
  } catch (error) {
    await writeBack(done);
    throw error;
  }
}

/** What cannot be written, or is gone, stays as it is. */
export async function writeBack(files: Files): Promise<void> {
  for (const { path, value } of await inOrder(files)) await writeFile(path, value).catch(() => undefined);
}

/** v1 never lets memory's limit be above that of memory and swap: what grows goes first. */
async function inOrder(files: Files): Promise<Files> {
  const memory = files.findIndex(({ path }) => path.endsWith('/memory.limit_in_bytes'));
  const both = files.findIndex(({ path }) => path.endsWith('/memory.memsw.limit_in_bytes'));
  if (memory < 0 || both < 0) return files;
  const { path, value } = files[both] as Files[number];
  const grows = value === '-1' || Number(value) > Number(await readFile(path, 'latin1').catch(() => 'NaN'));
  return grows ? [files[both] as Files[number], ...files.filter((_, index) => index !== both)] : files;
}

async function set(path: string, value: string): Promise<void> {
  // v2 would kill until the rest fits.
  if (path.endsWith('/memory.max')) await refuseBelowUse(path, value, 'memory.current', 'memory.peak');
  try {
    await writeFile(path, value);
  } catch (error) {
    if (path.endsWith('/memory.limit_in_bytes')) await refuseBelowUse(path, value, 'memory.usage_in_bytes', 'memory.max_usage_in_bytes');
    throw error;
  }
}

async function refuseBelowUse(path: string, limit: string, usageFile: string, peakFile: string): Promise<void> {
  const read = async (file: string) => Number(await readFile(path.replace(/[^/]+$/, file), 'latin1').catch(() => 'NaN'));
  const usage = await read(usageFile);
  if (!(usage > Number(limit))) return;
  const peak = await read(peakFile);
  throw new Error(`unable to set memory limit to ${limit} (current usage: ${usage}, peak usage: ${Number.isNaN(peak) ? usage : peak})`);
}
