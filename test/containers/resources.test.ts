// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { availableParallelism } from 'node:os';
import type { CgroupFeatures } from '../../lib/containers/cgroup-features';
import { checkResources } from '../../lib/containers/resource-check';
import { cgroupSettings } from '../../lib/containers/resource-keys';
import type { Resources } from '../../lib/containers/resources';
import { CgroupValues } from '../helpers/cgroup-values';
import { LoopDevice } from '../helpers/loop-device';
import { readAll, TestEngine } from '../helpers/engine';

const MIB = 1024 ** 2;
const EVERYTHING: CgroupFeatures = {
  unified: false, memory: true, swap: true, reservation: true, swappiness: true, cpuShares: true, cpuQuota: true, cpuset: true,
  cpus: '0-1', mems: '0', pids: true, blkioWeight: 'blkio.bfq.weight', throttle: true,
};
const check = (limits: Partial<Resources>, features: Partial<CgroupFeatures> = {}) => checkResources(limits, () => ({ ...EVERYTHING, ...features }));
const settings = (limits: Partial<Resources>, unified: boolean, blkioWeight: CgroupFeatures['blkioWeight'] = '') =>
  cgroupSettings(limits, { unified, blkioWeight }).map(({ file, value }) => `${file}=${value}`);

describe('limits of a container', () => {
  it('cost nothing where none is given', () => {
    assert.deepEqual(checkResources(undefined, () => assert.fail()), { resources: undefined, warnings: [] });
    assert.deepEqual(check({ memory: 0, cpusetCpus: '', memorySwappiness: -1, blkioDeviceReadBps: [] }), { resources: undefined, warnings: [] });
  });

  it('allow as much swap as memory unless told', () => {
    assert.deepEqual(check({ memory: 8 * MIB }).resources, { memory: 8 * MIB, memorySwap: 16 * MIB });
    assert.deepEqual(check({ memory: 8 * MIB, memorySwap: -1 }).resources, { memory: 8 * MIB, memorySwap: -1 });
  });

  it('are none of processes when the number is negative', () => assert.deepEqual(check({ pidsLimit: -5 }).resources, { pidsLimit: -1 }));

  const bad: [Partial<Record<keyof Resources, unknown>>, string | RegExp][] = [
    [{ memory: 6 * MIB - 1 }, 'Minimum memory limit allowed is 6MB'],
    [{ memory: -1 }, 'Minimum memory limit allowed is 6MB'],
    [{ memory: 1.5 }, /^invalid memory: expected a whole number/],
    [{ memory: 2 ** 60 }, /^invalid memory/],
    [{ memory: 8 * MIB, memorySwap: 7 * MIB }, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
    [{ memorySwap: 8 * MIB }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
    [{ memorySwap: -2 }, /^invalid memory and swap limit/],
    [{ memorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
    [{ memoryReservation: MIB }, 'Minimum memory reservation allowed is 6MB'],
    [{ memory: 8 * MIB, memoryReservation: 9 * MIB }, 'Minimum memory limit can not be less than memory reservation limit, see usage'],
    [{ nanoCpus: 1e9, cpuPeriod: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
    [{ nanoCpus: 1e9, cpuQuota: 1000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
    [{ nanoCpus: 1e15 }, `range of CPUs is from 0.01 to ${availableParallelism()}.00, as there are only ${availableParallelism()} CPUs available`],
    [{ nanoCpus: 1 }, /^range of CPUs is from 0.01/],
    [{ nanoCpus: -1 }, /^range of CPUs is from 0.01/],
    [{ cpuShares: -1 }, 'invalid CPU shares (-1): value must be a positive integer'],
    [{ cpuPeriod: 999 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
    [{ cpuPeriod: 1_000_001 }, /^CPU cfs period/],
    [{ cpuQuota: 999 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
    [{ cpusetCpus: '0-9' }, 'Requested CPUs are not available - requested 0-9, available: 0-1'],
    [{ cpusetCpus: '1-0' }, 'Invalid value 1-0 for cpuset cpus'],
    [{ cpusetCpus: '0\n' }, /^Invalid value/],
    [{ cpusetCpus: 'a' }, 'Invalid value a for cpuset cpus'],
    [{ cpusetMems: '1' }, 'Requested memory nodes are not available - requested 1, available: 0'],
    [{ blkioWeight: 9 }, 'Range of blkio weight is from 10 to 1000'],
    [{ blkioWeight: 1001 }, 'Range of blkio weight is from 10 to 1000'],
    [{ blkioDeviceReadBps: [{ path: '/dev/no-such-device', rate: 1 }] }, 'stat /dev/no-such-device: no such file or directory'],
    [{ blkioDeviceReadBps: [{ path: '/dev/null', rate: 1 }] }, '/dev/null is not a block device'],
    [{ blkioDeviceWriteIOps: [{ path: 'sda', rate: 1 }] }, 'bad format for device path: sda'],
    [{ blkioDeviceWriteIOps: 3 }, /^invalid blkioDeviceWriteIOps: expected a list/],
    [{ ['nonsense' as 'memory']: 3 }, /^invalid resource/],
    [{ ['__proto__x' as 'memory']: 3 }, /^invalid resource/],
  ];
  for (const [limits, message] of bad) {
    it(`refuses ${JSON.stringify(limits)}`, () => assert.throws(() => check(limits as Partial<Resources>), { code: 'E_INVALID', message }));
  }

  it('are left out with a warning where the kernel lacks them', () => {
    const none = { memory: false, swap: false, reservation: false, swappiness: false, cpuShares: false, cpuQuota: false, cpuset: false, pids: false, blkioWeight: '', throttle: false } as const;
    const asked = { memory: 8 * MIB, memoryReservation: 8 * MIB, memorySwappiness: 1, cpuShares: 2, cpuQuota: 2000, cpusetCpus: '99', pidsLimit: 1, blkioWeight: 10 };
    const { resources, warnings } = check(asked, none);
    assert.equal(resources, undefined);
    assert.equal(warnings.length, 8);
    assert.ok(warnings.every((text) => /^Your kernel does not support .* discarded\.$/.test(text)), warnings.join('\n'));
    assert.deepEqual(check({ memory: 8 * MIB }, { swap: false }), { resources: { memory: 8 * MIB }, warnings: ['Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.'] });
    assert.throws(() => check({ nanoCpus: 1e9 }, none), /NanoCPUs can not be set, as your kernel/);
  });

  it('are written the way each version of control groups has them', () => {
    const limits = { memory: 8 * MIB, memorySwap: 10 * MIB, memoryReservation: 7 * MIB, memorySwappiness: 0, cpuShares: 1024, nanoCpus: 15e8, cpusetCpus: '0', pidsLimit: 5, blkioWeight: 500 };
    assert.deepEqual(settings(limits, false, 'blkio.bfq.weight'), [
      'memory.limit_in_bytes=8388608', 'memory.memsw.limit_in_bytes=10485760', 'memory.soft_limit_in_bytes=7340032', 'memory.swappiness=0',
      'cpu.shares=1024', 'cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=150000', 'cpuset.cpus=0', 'pids.max=5', 'blkio.bfq.weight=500',
    ]);
    assert.deepEqual(settings(limits, true, 'io.weight'), [
      'memory.max=8388608', 'memory.swap.max=2097152', 'memory.low=7340032', 'cpu.weight=39', 'cpu.max=150000 100000', 'cpuset.cpus=0', 'pids.max=5', 'io.weight=4950',
    ]);
    assert.deepEqual(settings({ memory: 8 * MIB, memorySwap: -1, pidsLimit: -1, cpuPeriod: 50_000 }, true), ['memory.max=8388608', 'memory.swap.max=max', 'cpu.max=max 50000', 'pids.max=max']);
    assert.deepEqual(settings({ cpuShares: 2 }, true), ['cpu.weight=1']);
    assert.deepEqual(settings({ cpuShares: 262_144 }, true), ['cpu.weight=10000']);
  });
});

describe('a container with limits', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test?.remove());

  it('has them while it runs, and shows them', async () => {
    using device = LoopDevice.create();
    const resources = { memory: 64 * MIB, nanoCpus: 5e8, cpuShares: 512, cpusetCpus: '0', pidsLimit: 50, blkioDeviceReadBps: [{ path: device.path, rate: MIB }] };
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none', resources });
    assert.deepEqual(container.warnings, []);
    await container.start();
    const { HostConfig } = await container.inspect();
    assert.deepEqual([HostConfig.Memory, HostConfig.MemorySwap, HostConfig.NanoCpus, HostConfig.CpuShares, HostConfig.CpusetCpus, HostConfig.PidsLimit], [64 * MIB, 128 * MIB, 5e8, 512, '0', 50]);
    assert.deepEqual(HostConfig.BlkioDeviceReadBps, [{ Path: device.path, Rate: MIB }]);
    const values = new CgroupValues(container.id);
    assert.equal(values.memory(), 64 * MIB);
    assert.equal(values.pids(), '50');
    assert.equal(values.quota(), '50000');
    await container.remove({ force: true });
  });

  it('shows that nothing is limited', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', network: 'none' });
    const { HostConfig } = await container.inspect();
    assert.deepEqual([HostConfig.Memory, HostConfig.MemorySwappiness, HostConfig.PidsLimit, HostConfig.CpusetCpus], [0, null, null, '']);
    await container.remove();
  });

  it('cannot have more processes', async () => {
    const command = ['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9; do sleep 100 & done; kill 0'];
    const container = await test.engine.containers.create({ image: 'busybox', command, network: 'none', resources: { pidsLimit: 5 } });
    const { stderr, exited } = await container.start({ attach: {} });
    assert.match(await readAll(stderr), /can't fork/);
    await exited;
    await container.remove();
  });

  it('is said to have been killed for want of memory', async () => {
    const command = ['sh', '-c', 'exec tail -c 200m /dev/zero'];
    const container = await test.engine.containers.create({ image: 'busybox', command, network: 'none', resources: { memory: 16 * MIB, memorySwap: 16 * MIB } });
    await container.start();
    assert.deepEqual(await container.wait(), { exitCode: 137, oomKilled: true });
    assert.equal((await container.inspect()).State.OOMKilled, true);
    await container.remove();
    const other = await test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', 'kill -9 $$'], network: 'none', init: true, resources: { memory: 16 * MIB } });
    assert.equal((await other.wait()).oomKilled, false);
    await other.remove();
  });

  it('is not made with limits that cannot be', async () => {
    const before = (await test.engine.containers.list({ all: true })).length;
    await assert.rejects(test.engine.containers.create({ image: 'busybox', resources: { memory: 1 } }), { code: 'E_INVALID' });
    assert.equal((await test.engine.containers.list({ all: true })).length, before);
  });
});
