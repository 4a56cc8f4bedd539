// SPDX-License-Identifier: Apache-2.0
import { readNumber, readTable, readText } from './files';
import type { GroupOf } from './groups';
import type { BlockIo, CgroupSample } from './types';

/** USER_HZ: cpuacct.stat counts in hundredths of a second. */
const TICK_NS = 10_000_000;

/** From the files of control groups v1, as Documentation/admin-guide/cgroup-v1 has them. */
export async function readLegacy(group: GroupOf): Promise<CgroupSample> {
  const [cpu, memory, pids, blkio] = [group('cpuacct'), group('memory'), group('pids'), group('blkio')];
  const [total, modes, throttle, usage, maxUsage, limit, stats, current, pidsLimit, bytes, operations] = await Promise.all([
    readNumber(`${cpu}/cpuacct.usage`),
    readTable(`${cpu}/cpuacct.stat`),
    readTable(`${group('cpu')}/cpu.stat`),
    readNumber(`${memory}/memory.usage_in_bytes`),
    readNumber(`${memory}/memory.max_usage_in_bytes`),
    readNumber(`${memory}/memory.limit_in_bytes`),
    readTable(`${memory}/memory.stat`),
    readNumber(`${pids}/pids.current`),
    readNumber(`${pids}/pids.max`),
    readText(`${blkio}/blkio.throttle.io_service_bytes_recursive`),
    readText(`${blkio}/blkio.throttle.io_serviced_recursive`),
  ]);
  return {
    cpu: {
      cpu_usage: { total_usage: total ?? 0, usage_in_kernelmode: (modes['system'] ?? 0) * TICK_NS, usage_in_usermode: (modes['user'] ?? 0) * TICK_NS },
      throttling_data: { periods: throttle['nr_periods'] ?? 0, throttled_periods: throttle['nr_throttled'] ?? 0, throttled_time: throttle['throttled_time'] ?? 0 },
    },
    memory: { usage, max_usage: maxUsage, stats, limit },
    pids: { current, limit: pidsLimit },
    blkio: { io_service_bytes_recursive: parseBlockIo(bytes), io_serviced_recursive: parseBlockIo(operations) },
  };
}

/** Lines "MAJOR:MINOR Read 4096"; the last one is a total without a device. */
function parseBlockIo(text: string): BlockIo[] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op, value]) => ({
    major: Number(major),
    minor: Number(minor),
    op: op as string,
    value: Number(value),
  }));
}
