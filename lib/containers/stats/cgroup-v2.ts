// SPDX-License-Identifier: Apache-2.0
import { readNumber, readTable, readText } from './files';
import type { GroupOf } from './groups';
import type { BlockIo, CgroupSample } from './types';

/** From the files of control groups v2, as Documentation/admin-guide/cgroup-v2 has them. */
export async function readUnified(group: GroupOf): Promise<CgroupSample> {
  const path = group('');
  const [cpu, usage, maxUsage, limit, stats, current, pidsLimit, io] = await Promise.all([
    readTable(`${path}/cpu.stat`),
    readNumber(`${path}/memory.current`),
    readNumber(`${path}/memory.peak`),
    readNumber(`${path}/memory.max`),
    readTable(`${path}/memory.stat`),
    readNumber(`${path}/pids.current`),
    readNumber(`${path}/pids.max`),
    readText(`${path}/io.stat`),
  ]);
  const ns = (name: string) => (cpu[name] ?? 0) * 1000;
  return {
    cpu: {
      cpu_usage: { total_usage: ns('usage_usec'), usage_in_kernelmode: ns('system_usec'), usage_in_usermode: ns('user_usec') },
      throttling_data: { periods: cpu['nr_periods'] ?? 0, throttled_periods: cpu['nr_throttled'] ?? 0, throttled_time: ns('throttled_usec') },
    },
    memory: { usage, max_usage: maxUsage, stats, limit },
    pids: { current, limit: pidsLimit },
    blkio: {
      io_service_bytes_recursive: parseIoStat(io, { rbytes: 'read', wbytes: 'write' }),
      io_serviced_recursive: parseIoStat(io, { rios: 'read', wios: 'write' }),
    },
  };
}

/** Lines "MAJOR:MINOR rbytes=4096 wbytes=0 rios=1 …". */
function parseIoStat(text: string, wanted: Readonly<Record<string, string>>): BlockIo[] {
  return text.split('\n').flatMap((line) => {
    const [, major, minor, rest = ''] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
    return [...rest.matchAll(/(\w+)=(\d+)/g)].flatMap(([, key = '', value]) => {
      const op = Object.hasOwn(wanted, key) ? wanted[key] : undefined;
      return op === undefined ? [] : [{ major: Number(major), minor: Number(minor), op, value: Number(value) }];
    });
  });
}
