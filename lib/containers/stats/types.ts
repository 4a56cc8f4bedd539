// SPDX-License-Identifier: Apache-2.0

/** Docker Engine API v1.44, ContainerStats, as far as control groups tell. Everything is 0 or empty of a container that does not run. */
export interface ContainerStats {
  id: string;
  /** With a slash in front. */
  name: string;
  /** RFC 3339: when this was read, and `precpu_stats`. */
  read: string;
  preread: string;
  pids_stats: { current?: number; limit?: number };
  blkio_stats: { io_service_bytes_recursive: BlockIo[]; io_serviced_recursive: BlockIo[] };
  cpu_stats: CpuStats;
  /** Of the sample before this one. */
  precpu_stats: CpuStats;
  memory_stats: MemoryStats;
  /** By the name of the interface in the container; none where it uses the host's. */
  networks: Record<string, NetworkStats>;
  /** What its egress policy has refused; absent without one, and not in Docker's API. */
  egress_stats?: { denied_packets: number; denied_bytes: number; denied_names: number };
}

export interface BlockIo {
  major: number;
  minor: number;
  /** "Read" and "Write" (v1, with "Sync" and others) or "read" and "write" (v2). */
  op: string;
  value: number;
}

export interface CpuStats {
  /** ns */
  cpu_usage: { total_usage: number; usage_in_kernelmode: number; usage_in_usermode: number };
  /** Of the whole machine, all processors together, ns. */
  system_cpu_usage: number;
  online_cpus: number;
  throttling_data: { periods: number; throttled_periods: number; throttled_time: number };
}

/** Bytes. */
export interface MemoryStats {
  usage?: number;
  max_usage?: number;
  /** The kernel's memory.stat. */
  stats?: Record<string, number>;
  /** The container's, or the machine's memory. */
  limit?: number;
}

export interface NetworkStats {
  rx_bytes: number;
  rx_packets: number;
  rx_errors: number;
  rx_dropped: number;
  tx_bytes: number;
  tx_packets: number;
  tx_errors: number;
  tx_dropped: number;
}

/** What is read of the control groups at one moment. */
export interface CgroupSample {
  cpu: Pick<CpuStats, 'cpu_usage' | 'throttling_data'>;
  memory: MemoryStats;
  pids: ContainerStats['pids_stats'];
  blkio: ContainerStats['blkio_stats'];
}
