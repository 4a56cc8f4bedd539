// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import type { CgroupFeatures } from './cgroup-features';
import { type DeviceRate, NO_LIMITS, type Resources } from './resources';

/** What is written to one file of a container's control group. */
export interface CgroupSetting {
  file: string;
  value: string;
}

const DEFAULT_PERIOD = 100_000;

/** Limits as the files of control groups take them, v1 or v2, in the order in which the kernel accepts them. */
export function cgroupSettings(limits: Partial<Resources> | undefined, has: Pick<CgroupFeatures, 'unified' | 'blkioWeight'>): CgroupSetting[] {
  if (limits === undefined) return [];
  const all: Resources = { ...NO_LIMITS, ...limits };
  const settings = has.unified ? unifiedSettings(all) : legacySettings(all);
  return [...settings, ...weights(all, has.blkioWeight)].map(([file, value]) => ({ file, value: String(value) }));
}

type Pairs = [file: string, value: string | number][];

/** `value` where the limit is set. */
function when(isSet: unknown, file: string, value: string | number): Pairs {
  return isSet ? [[file, value]] : [];
}

function legacySettings(all: Resources): Pairs {
  const { period, quota } = bandwidth(all);
  const throttle = (file: string, list: DeviceRate[]): Pairs => list.map(({ path, rate }) => [`blkio.throttle.${file}_device`, `${deviceNumber(path)} ${rate}`]);
  return [
    ...when(all.memory, 'memory.limit_in_bytes', all.memory),
    ...when(all.memorySwap, 'memory.memsw.limit_in_bytes', all.memorySwap),
    ...when(all.memoryReservation, 'memory.soft_limit_in_bytes', all.memoryReservation),
    ...when(all.memorySwappiness >= 0, 'memory.swappiness', all.memorySwappiness),
    ...when(all.cpuShares, 'cpu.shares', all.cpuShares),
    ...when(period, 'cpu.cfs_period_us', period),
    ...when(quota, 'cpu.cfs_quota_us', quota),
    ...when(all.cpusetCpus, 'cpuset.cpus', all.cpusetCpus),
    ...when(all.cpusetMems, 'cpuset.mems', all.cpusetMems),
    ...when(all.pidsLimit, 'pids.max', all.pidsLimit < 0 ? 'max' : all.pidsLimit),
    ...throttle('read_bps', all.blkioDeviceReadBps),
    ...throttle('write_bps', all.blkioDeviceWriteBps),
    ...throttle('read_iops', all.blkioDeviceReadIOps),
    ...throttle('write_iops', all.blkioDeviceWriteIOps),
  ];
}

function unifiedSettings(all: Resources): Pairs {
  const { period, quota } = bandwidth(all);
  const throttle = (key: string, list: DeviceRate[]): Pairs => list.map(({ path, rate }) => ['io.max', `${deviceNumber(path)} ${key}=${rate}`]);
  return [
    ...when(all.memory, 'memory.max', all.memory),
    // Here swap is counted on its own.
    ...when(all.memorySwap, 'memory.swap.max', all.memorySwap < 0 ? 'max' : all.memorySwap - all.memory),
    ...when(all.memoryReservation, 'memory.low', all.memoryReservation),
    ...when(all.cpuShares, 'cpu.weight', weightOfShares(all.cpuShares)),
    ...when(period || quota, 'cpu.max', `${quota > 0 ? quota : 'max'} ${period || DEFAULT_PERIOD}`),
    ...when(all.cpusetCpus, 'cpuset.cpus', all.cpusetCpus),
    ...when(all.cpusetMems, 'cpuset.mems', all.cpusetMems),
    ...when(all.pidsLimit, 'pids.max', all.pidsLimit < 0 ? 'max' : all.pidsLimit),
    ...throttle('rbps', all.blkioDeviceReadBps),
    ...throttle('wbps', all.blkioDeviceWriteBps),
    ...throttle('riops', all.blkioDeviceReadIOps),
    ...throttle('wiops', all.blkioDeviceWriteIOps),
  ];
}

function weights(all: Resources, file: CgroupFeatures['blkioWeight']): Pairs {
  if (file === '') return [];
  // v2's own scale is 1 to 10000, BFQ's is the one that Docker has.
  const scaled = (weight: number) => (file === 'io.weight' ? 1 + Math.trunc(((weight - 10) * 9999) / 990) : weight);
  const perDevice = file.startsWith('blkio.') ? `${file}_device` : file;
  return [
    ...when(all.blkioWeight, file, scaled(all.blkioWeight)),
    ...all.blkioWeightDevice.map(({ path, weight }): Pairs[number] => [perDevice, `${deviceNumber(path)} ${scaled(weight)}`]),
  ];
}

/** --cpus is a quota of the usual period. */
function bandwidth({ nanoCpus, cpuPeriod, cpuQuota }: Resources): { period: number; quota: number } {
  if (nanoCpus === 0) return { period: cpuPeriod, quota: cpuQuota };
  return { period: DEFAULT_PERIOD, quota: Math.trunc((nanoCpus * DEFAULT_PERIOD) / 1e9) };
}

/** The scale of v1 (2 to 262144) on that of v2 (1 to 10000), as runc has it. */
function weightOfShares(shares: number): number {
  const within = Math.min(262_144, Math.max(2, shares));
  return 1 + Math.trunc(((within - 2) * 9999) / 262_142);
}

/** "major:minor" of a device file, as Linux packs the two into st_rdev. */
function deviceNumber(path: string): string {
  const device = statSync(path, { bigint: true }).rdev;
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}
