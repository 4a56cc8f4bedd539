// SPDX-License-Identifier: Apache-2.0
import type { BlockIo, ContainerStats, MemoryStats } from '../../lib/containers/stats/types';
import { shortId } from '../../lib/util/id';
import { binarySize, humanSize } from './size';

/** What a template of `stats` may name, in the order Docker's JSON has. */
export interface StatsFields {
  BlockIO: string;
  CPUPerc: string;
  Container: string;
  /** Ours: packets and names that the egress policy has refused. */
  EgressDenied: string;
  ID: string;
  MemPerc: string;
  MemUsage: string;
  Name: string;
  NetIO: string;
  PIDs: string;
}

export const STATS_HEADINGS: StatsFields = {
  BlockIO: 'BLOCK I/O',
  CPUPerc: 'CPU %',
  Container: 'CONTAINER',
  EgressDenied: 'DENIED PACKETS / NAMES',
  ID: 'CONTAINER ID',
  MemPerc: 'MEM %',
  MemUsage: 'MEM USAGE / LIMIT',
  Name: 'NAME',
  NetIO: 'NET I/O',
  PIDs: 'PIDS',
};

/** `container` is what it was called on the command line. */
export function statsFields(stats: ContainerStats, full: boolean, container?: string): StatsFields {
  const used = memoryUsed(stats.memory_stats);
  const limit = stats.memory_stats.limit ?? 0;
  const networks = Object.values(stats.networks);
  const sum = (counter: 'rx_bytes' | 'tx_bytes') => networks.reduce((total, network) => total + network[counter], 0);
  const id = full ? stats.id : shortId(stats.id);
  const fields = {
    BlockIO: `${humanSize(blockBytes(stats, 'r'))} / ${humanSize(blockBytes(stats, 'w'))}`,
    CPUPerc: `${cpuPercent(stats).toFixed(2)}%`,
    Container: container ?? id,
    ID: id,
    MemPerc: `${(limit === 0 ? 0 : (used / limit) * 100).toFixed(2)}%`,
    MemUsage: `${binarySize(used)} / ${binarySize(limit)}`,
    Name: stats.name.slice(1),
    NetIO: `${humanSize(sum('rx_bytes'))} / ${humanSize(sum('tx_bytes'))}`,
    PIDs: String(stats.pids_stats.current ?? 0),
  };
  const { denied_packets: packets, denied_names: names } = stats.egress_stats ?? {};
  // In JSON only where there is a policy: the rest is then what Docker has.
  const denied = { value: packets === undefined ? '--' : `${packets} / ${names}`, enumerable: packets !== undefined };
  return Object.defineProperty(fields, 'EgressDenied', denied) as StatsFields;
}

/** Of one processor: the container's time against the machine's, all processors together, times their number. */
export function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStats): number {
  const own = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const all = now.system_cpu_usage - before.system_cpu_usage;
  return own > 0 && all > 0 ? (own / all) * now.online_cpus * 100 : 0;
}

/** Without the page cache that could be given back at once; control groups v1 and v2 call it differently. */
export function memoryUsed({ usage = 0, stats = {} }: MemoryStats): number {
  const cache = stats['total_inactive_file'] ?? stats['inactive_file'] ?? 0;
  return cache < usage ? usage - cache : usage;
}

function blockBytes({ blkio_stats }: ContainerStats, operation: 'r' | 'w'): number {
  const wanted = ({ op }: BlockIo) => op[0]?.toLowerCase() === operation;
  return blkio_stats.io_service_bytes_recursive.filter(wanted).reduce((total, { value }) => total + value, 0);
}
