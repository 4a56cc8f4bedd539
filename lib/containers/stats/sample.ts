// SPDX-License-Identifier: Apache-2.0
import { totalmem } from 'node:os';
import { hasUnifiedCgroups } from '../../binding/features';
import { type ContainerRow, specOf } from '../record';
import { isAllowed } from '../state';
import { readLegacy } from './cgroup-v1';
import { readUnified } from './cgroup-v2';
import { readText } from './files';
import { findGroups } from './groups';
import type { ContainerStats, CpuStats, NetworkStats } from './types';

/** USER_HZ: /proc/stat counts in hundredths of a second. */
const TICK_NS = 10_000_000;
const NEVER = '0001-01-01T00:00:00Z';

export const NO_CPU: CpuStats = Object.freeze({
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  system_cpu_usage: 0,
  online_cpus: 0,
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
});

/** What a container uses now; `before` is the sample to compare the processor's time with. */
export async function takeSample(row: ContainerRow, before?: ContainerStats): Promise<ContainerStats> {
  const head = {
    id: row.id,
    name: `/${row.name}`,
    read: new Date().toISOString(),
    preread: before?.read ?? NEVER,
    precpu_stats: before?.cpu_stats ?? NO_CPU,
  };
  if (!isAllowed('top', row.state)) {
    return { ...head, read: NEVER, pids_stats: {}, blkio_stats: { io_service_bytes_recursive: [], io_serviced_recursive: [] }, cpu_stats: NO_CPU, memory_stats: {}, networks: {} };
  }
  const group = await findGroups(row.id, row.pid);
  const [{ cpu, memory, pids, blkio }, machine, networks] = await Promise.all([
    hasUnifiedCgroups() ? readUnified(group) : readLegacy(group),
    machineCpu(),
    specOf(row).network === 'host' ? {} : readNetworks(row.pid),
  ]);
  const limit = Math.min(memory.limit ?? Infinity, totalmem());
  return { ...head, pids_stats: pids, blkio_stats: blkio, cpu_stats: { ...cpu, ...machine }, memory_stats: { ...memory, limit }, networks };
}

/** What the machine's processors did up to now, as Docker counts it: the first seven columns of /proc/stat, idling included. */
async function machineCpu(): Promise<Pick<CpuStats, 'system_cpu_usage' | 'online_cpus'>> {
  const lines = (await readText('/proc/stat')).split('\n').filter((line) => line.startsWith('cpu'));
  const ticks = (lines[0] ?? '').split(/\s+/).slice(1, 8).reduce((sum, column) => sum + Number(column), 0);
  return { system_cpu_usage: ticks * TICK_NS, online_cpus: Math.max(0, lines.length - 1) };
}

/** Interfaces of the container's network namespace, but for its loopback; see proc_pid_net(5). */
async function readNetworks(pid: number): Promise<Record<string, NetworkStats>> {
  const networks: Record<string, NetworkStats> = {};
  for (const line of (await readText(`/proc/${pid}/net/dev`)).split('\n')) {
    const [, name, rest = ''] = /^\s*([^\s:]+(?::[^\s:]+)*):\s*(\d.*)$/.exec(line) ?? [];
    if (name === undefined || name === 'lo') continue;
    const column = rest.split(/\s+/).map(Number);
    const at = (index: number) => column[index] ?? 0;
    const counters = {
      ...{ rx_bytes: at(0), rx_packets: at(1), rx_errors: at(2), rx_dropped: at(3) },
      ...{ tx_bytes: at(8), tx_packets: at(9), tx_errors: at(10), tx_dropped: at(11) },
    };
    Object.defineProperty(networks, name, { value: counters, enumerable: true, configurable: true, writable: true });
  }
  return networks;
}
