// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { DockerliteError, invalid } from '../errors';
import { type CgroupFeatures, cgroupFeatures } from './cgroup-features';
import { type DeviceRate, type DeviceWeight, NO_LIMITS, type Resources } from './resources';

const MIN_MEMORY = 6 * 1024 ** 2;

export interface CheckedResources {
  /** Only what is limited; undefined when nothing is. */
  resources: Partial<Resources> | undefined;
  /** Docker's words about what this kernel cannot do, and was therefore left out. */
  warnings: string[];
}

/** Judges limits as Docker's daemon does, in its words. @throws E_INVALID */
export function checkResources(asked: Partial<Resources> | undefined, features: () => CgroupFeatures = cgroupFeatures): CheckedResources {
  const given = Object.entries(asked ?? {}).filter(([, value]) => value !== undefined);
  if (given.length === 0) return { resources: undefined, warnings: [] };
  checkTypes(given);
  const all: Resources = { ...NO_LIMITS, ...(Object.fromEntries(given) as Partial<Resources>) };
  // Any negative number means that there is no limit.
  if (all.pidsLimit < 0) all.pidsLimit = -1;
  if (all.memory > 0 && all.memorySwap === 0) all.memorySwap = all.memory * 2;
  const warnings = dropUnsupported(all, features());
  checkMemory(all);
  checkCpu(all);
  checkCpusets(all, features());
  checkBlockDevices(all);
  const limited = Object.entries(all).filter(([key, value]) => !isDefault(key as keyof Resources, value));
  return { resources: limited.length === 0 ? undefined : (Object.fromEntries(limited) as Partial<Resources>), warnings };
}

function isDefault(key: keyof Resources, value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : value === NO_LIMITS[key];
}

function fail(message: string): DockerliteError {
  return new DockerliteError('E_INVALID', message);
}

function checkTypes(given: [string, unknown][]): void {
  for (const [key, value] of given) {
    const model: unknown = Object.hasOwn(NO_LIMITS, key) ? NO_LIMITS[key as keyof Resources] : undefined;
    if (model === undefined) throw invalid('resource', 'a limit Docker knows', key);
    if (typeof model === 'number' && !Number.isSafeInteger(value)) throw invalid(key, 'a whole number', value);
    if (typeof model === 'string' && typeof value !== 'string') throw invalid(key, 'text', value);
    if (Array.isArray(model) && !Array.isArray(value)) throw invalid(key, 'a list', value);
  }
}

const KERNEL = 'Your kernel does not support';
const NO_CGROUP = 'or the cgroup is not mounted.';

function dropUnsupported(all: Resources, has: CgroupFeatures): string[] {
  const warnings: string[] = [];
  const drop = (supported: boolean, keys: (keyof Resources)[], warning: string) => {
    const wanted = keys.filter((key) => !isDefault(key, all[key]));
    if (supported || wanted.length === 0) return;
    for (const key of wanted) Object.assign(all, { [key]: NO_LIMITS[key] });
    warnings.push(warning);
  };
  drop(has.memory, ['memory', 'memorySwap'], `${KERNEL} memory limit capabilities ${NO_CGROUP} Limitation discarded.`);
  if (all.memorySwap > 0) drop(has.swap, ['memorySwap'], `${KERNEL} swap limit capabilities ${NO_CGROUP} Memory limited without swap.`);
  drop(has.swappiness, ['memorySwappiness'], `${KERNEL} memory swappiness capabilities ${NO_CGROUP} Memory swappiness discarded.`);
  drop(has.reservation, ['memoryReservation'], `${KERNEL} memory soft limit capabilities ${NO_CGROUP} Limitation discarded.`);
  drop(has.pids, ['pidsLimit'], `${KERNEL} PIDs limit capabilities ${NO_CGROUP} PIDs limit discarded.`);
  if (all.nanoCpus > 0 && !has.cpuQuota) throw fail('NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted');
  drop(has.cpuShares, ['cpuShares'], `${KERNEL} CPU shares ${NO_CGROUP} Shares discarded.`);
  drop(has.cpuQuota, ['cpuPeriod', 'cpuQuota'], `${KERNEL} CPU CFS scheduler. CPU period/quota discarded.`);
  drop(has.cpuset, ['cpusetCpus', 'cpusetMems'], `${KERNEL} cpuset ${NO_CGROUP} Cpuset discarded.`);
  drop(has.blkioWeight !== '', ['blkioWeight', 'blkioWeightDevice'], `${KERNEL} Block I/O weight ${NO_CGROUP} Weight discarded.`);
  drop(has.throttle, ['blkioDeviceReadBps'], `${KERNEL} BPS Block I/O read limit ${NO_CGROUP} Block I/O BPS read limit discarded.`);
  drop(has.throttle, ['blkioDeviceWriteBps'], `${KERNEL} BPS Block I/O write limit ${NO_CGROUP} Block I/O BPS write limit discarded.`);
  drop(has.throttle, ['blkioDeviceReadIOps'], `${KERNEL} IOPS Block read limit ${NO_CGROUP} Block I/O IOPS read limit discarded.`);
  drop(has.throttle, ['blkioDeviceWriteIOps'], `${KERNEL} IOPS Block write limit ${NO_CGROUP} Block I/O IOPS write limit discarded.`);
  return warnings;
}

function checkMemory({ memory, memorySwap, memoryReservation, memorySwappiness }: Resources): void {
  if (memory < 0 || (memory !== 0 && memory < MIN_MEMORY)) throw fail('Minimum memory limit allowed is 6MB');
  if (memorySwap < -1) throw invalid('memory and swap limit', 'bytes, or -1 for any amount of swap', memorySwap);
  if (memory > 0 && memorySwap > 0 && memorySwap < memory) throw fail('Minimum memoryswap limit should be larger than memory limit, see usage');
  if (memory === 0 && memorySwap > 0) throw fail('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (memorySwappiness < -1 || memorySwappiness > 100) throw fail(`Invalid value: ${memorySwappiness}, valid memory swappiness range is 0-100`);
  if (memoryReservation < 0 || (memoryReservation > 0 && memoryReservation < MIN_MEMORY)) throw fail('Minimum memory reservation allowed is 6MB');
  if (memory > 0 && memory < memoryReservation) throw fail('Minimum memory limit can not be less than memory reservation limit, see usage');
}

function checkCpu({ nanoCpus, cpuShares, cpuPeriod, cpuQuota }: Resources): void {
  if (nanoCpus !== 0 && cpuPeriod > 0) throw fail('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (nanoCpus !== 0 && cpuQuota > 0) throw fail('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  const processors = availableParallelism();
  // The kernel's shortest quota is a millisecond of 100.
  if (nanoCpus < 0 || nanoCpus > processors * 1e9 || (nanoCpus !== 0 && nanoCpus < 1e7)) {
    throw fail(`range of CPUs is from 0.01 to ${processors}.00, as there are only ${processors} CPUs available`);
  }
  if (cpuShares < 0) throw fail(`invalid CPU shares (${cpuShares}): value must be a positive integer`);
  if (cpuPeriod !== 0 && (cpuPeriod < 1000 || cpuPeriod > 1_000_000)) {
    throw fail('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (cpuQuota < -1 || (cpuQuota > 0 && cpuQuota < 1000)) throw fail('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}

function checkCpusets({ cpusetCpus, cpusetMems }: Resources, has: CgroupFeatures): void {
  requireSubset(cpusetCpus, has.cpus, 'cpuset cpus', 'CPUs');
  requireSubset(cpusetMems, has.mems, 'cpuset mems', 'memory nodes');
}

function requireSubset(wanted: string, available: string, what: string, units: string): void {
  if (wanted === '') return;
  const list = parseRanges(wanted);
  if (list === undefined) throw fail(`Invalid value ${wanted} for ${what}`);
  const there = parseRanges(available) ?? [];
  const has = (number: number) => there.some(([from, to]) => from <= number && number <= to);
  if (list.every(([from, to]) => has(from) && has(to))) return;
  throw fail(`Requested ${units} are not available - requested ${wanted}, available: ${available}`);
}

/** "0-3,7" as pairs; undefined for anything else. */
function parseRanges(text: string): [number, number][] | undefined {
  const pairs = text.split(',').map((part): [number, number] => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    return match === null ? [1, 0] : [Number(match[1]), Number(match[2] ?? match[1])];
  });
  return pairs.every(([from, to]) => from <= to) ? pairs : undefined;
}

function checkBlockDevices(all: Resources): void {
  const weight = (value: number) => Number.isSafeInteger(value) && value >= 10 && value <= 1000;
  if (all.blkioWeight !== 0 && !weight(all.blkioWeight)) throw fail('Range of blkio weight is from 10 to 1000');
  for (const device of all.blkioWeightDevice) {
    requireDevice(device);
    if (!weight(device.weight)) throw fail(`invalid weight for device ${device.path}: ${device.weight}, it ranges from 10 to 1000`);
  }
  for (const device of [...all.blkioDeviceReadBps, ...all.blkioDeviceWriteBps, ...all.blkioDeviceReadIOps, ...all.blkioDeviceWriteIOps]) {
    requireDevice(device);
    if (!Number.isSafeInteger(device.rate) || device.rate < 1) throw invalid(`rate of ${device.path}`, 'a positive whole number', device.rate);
  }
}

function requireDevice({ path }: DeviceRate | DeviceWeight): void {
  if (typeof path !== 'string' || !path.startsWith('/')) throw fail(`bad format for device path: ${String(path)}`);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw fail(`stat ${path}: no such file or directory`);
  if (!stat.isBlockDevice()) throw fail(`${path} is not a block device`);
}
