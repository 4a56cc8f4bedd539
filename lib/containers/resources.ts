// SPDX-License-Identifier: Apache-2.0

/** A limit on one block device of the host. */
export interface DeviceRate {
  /** Of the device, below /dev. */
  path: string;
  /** Bytes or operations a second. */
  rate: number;
}

export interface DeviceWeight {
  path: string;
  /** 10 to 1000. */
  weight: number;
}

/** What a container may use of the machine; names and meanings are those of Docker's HostConfig. 0 and '' are no limit. */
export interface Resources {
  /** Bytes, 6 MiB at least. */
  memory: number;
  /** Bytes of memory and swap together; -1 for any amount of swap, 0 for as much swap as memory. */
  memorySwap: number;
  /** Bytes it is pushed back to when the machine is short of memory. */
  memoryReservation: number;
  /** 0 to 100; -1 for the machine's own. */
  memorySwappiness: number;
  /** Processor time in billionths of a processor. */
  nanoCpus: number;
  /** Weight among containers, 1024 is the usual. */
  cpuShares: number;
  /** Microseconds. */
  cpuPeriod: number;
  cpuQuota: number;
  /** Processors and memory nodes it may use: "0-3,7". */
  cpusetCpus: string;
  cpusetMems: string;
  /** Processes and threads; -1 is no limit too. */
  pidsLimit: number;
  /** Weight among containers, 10 to 1000. */
  blkioWeight: number;
  blkioWeightDevice: DeviceWeight[];
  blkioDeviceReadBps: DeviceRate[];
  blkioDeviceWriteBps: DeviceRate[];
  blkioDeviceReadIOps: DeviceRate[];
  blkioDeviceWriteIOps: DeviceRate[];
}

/** Nothing is limited. */
export const NO_LIMITS: Readonly<Resources> = Object.freeze({
  memory: 0,
  memorySwap: 0,
  memoryReservation: 0,
  memorySwappiness: -1,
  nanoCpus: 0,
  cpuShares: 0,
  cpuPeriod: 0,
  cpuQuota: 0,
  cpusetCpus: '',
  cpusetMems: '',
  pidsLimit: 0,
  blkioWeight: 0,
  blkioWeightDevice: [],
  blkioDeviceReadBps: [],
  blkioDeviceWriteBps: [],
  blkioDeviceReadIOps: [],
  blkioDeviceWriteIOps: [],
});

/** Docker's HostConfig of it; a container without limits has none in its specification. */
export function describeResources(resources: Partial<Resources> | undefined) {
  const all = { ...NO_LIMITS, ...resources };
  const devices = (list: DeviceRate[]) => list.map(({ path, rate }) => ({ Path: path, Rate: rate }));
  return {
    CpuShares: all.cpuShares,
    Memory: all.memory,
    NanoCpus: all.nanoCpus,
    BlkioWeight: all.blkioWeight,
    BlkioWeightDevice: all.blkioWeightDevice.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: devices(all.blkioDeviceReadBps),
    BlkioDeviceWriteBps: devices(all.blkioDeviceWriteBps),
    BlkioDeviceReadIOps: devices(all.blkioDeviceReadIOps),
    BlkioDeviceWriteIOps: devices(all.blkioDeviceWriteIOps),
    CpuPeriod: all.cpuPeriod,
    CpuQuota: all.cpuQuota,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: all.cpusetCpus,
    CpusetMems: all.cpusetMems,
    MemoryReservation: all.memoryReservation,
    MemorySwap: all.memorySwap,
    MemorySwappiness: all.memorySwappiness < 0 ? null : all.memorySwappiness,
    PidsLimit: all.pidsLimit === 0 ? null : all.pidsLimit,
  };
}
