// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hasUnifiedCgroups } from '../binding/features';

const ROOT = '/sys/fs/cgroup';

/** Which limits this machine's control groups know, and the ranges the machine has. */
export interface CgroupFeatures {
  unified: boolean;
  memory: boolean;
  swap: boolean;
  reservation: boolean;
  swappiness: boolean;
  cpuShares: boolean;
  cpuQuota: boolean;
  cpuset: boolean;
  /** "0-3" */
  cpus: string;
  mems: string;
  pids: boolean;
  /** File that takes the weight of block devices, '' where there is none. */
  blkioWeight: '' | 'blkio.weight' | 'blkio.bfq.weight' | 'io.weight' | 'io.bfq.weight';
  throttle: boolean;
}

let found: CgroupFeatures | undefined;

/** Looked up once, by the first container with a limit. */
export function cgroupFeatures(): CgroupFeatures {
  found ??= hasUnifiedCgroups() ? unifiedFeatures() : legacyFeatures();
  return found;
}

function legacyFeatures(): CgroupFeatures {
  const has = (path: string) => existsSync(`${ROOT}/${path}`);
  return {
    unified: false,
    memory: has('memory/memory.limit_in_bytes'),
    swap: has('memory/memory.memsw.limit_in_bytes'),
    reservation: has('memory/memory.soft_limit_in_bytes'),
    swappiness: has('memory/memory.swappiness'),
    cpuShares: has('cpu/cpu.shares'),
    cpuQuota: has('cpu/cpu.cfs_quota_us'),
    cpuset: has('cpuset/cpuset.cpus'),
    cpus: read(`${ROOT}/cpuset/cpuset.effective_cpus`) || read(`${ROOT}/cpuset/cpuset.cpus`),
    mems: read(`${ROOT}/cpuset/cpuset.effective_mems`) || read(`${ROOT}/cpuset/cpuset.mems`),
    // The limit itself is not in the root of a hierarchy.
    pids: has('pids/cgroup.procs'),
    blkioWeight: has('blkio/blkio.weight') ? 'blkio.weight' : has('blkio/blkio.bfq.io_service_bytes') ? 'blkio.bfq.weight' : '',
    throttle: has('blkio/blkio.throttle.read_bps_device'),
  };
}

function unifiedFeatures(): CgroupFeatures {
  const controllers = read(`${ROOT}/cgroup.controllers`).split(' ');
  const has = (name: string) => controllers.includes(name);
  const child = someChild();
  return {
    unified: true,
    memory: has('memory'),
    swap: has('memory') && (child === undefined || existsSync(`${child}/memory.swap.max`)),
    reservation: has('memory'),
    swappiness: false,
    cpuShares: has('cpu'),
    cpuQuota: has('cpu'),
    cpuset: has('cpuset'),
    cpus: read(`${ROOT}/cpuset.cpus.effective`),
    mems: read(`${ROOT}/cpuset.mems.effective`),
    pids: has('pids'),
    blkioWeight: child !== undefined && existsSync(`${child}/io.bfq.weight`) ? 'io.bfq.weight' : child !== undefined && existsSync(`${child}/io.weight`) ? 'io.weight' : '',
    throttle: has('io'),
  };
}

/** The root of the hierarchy lacks the files of limits: a group below that has all controllers tells. */
function someChild(): string | undefined {
  const children = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => `${ROOT}/${entry.name}`);
  return children.find((path) => existsSync(`${path}/memory.max`) && existsSync(`${path}/io.max`)) ?? children.find((path) => existsSync(`${path}/memory.max`));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}
