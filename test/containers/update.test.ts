// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import { Engine } from '../../lib/engine';
import { mergeLimits } from '../../lib/containers/resource-update';
import type { Resources } from '../../lib/containers/resources';
import { CgroupValues } from '../helpers/cgroup-values';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

const MIB = 1024 ** 2;

describe('update', () => {
  let test: TestEngine;
  let cli: Cli;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
  });
  after(() => test?.remove());

  const start = (resources?: Partial<Resources>, command = ['sleep', '1000']) =>
    test.engine.containers.run({ image: 'busybox', command, network: 'none', ...(resources && { resources }) });

  it('changes limits of a running container, more and less', async () => {
    const container = await start({ memory: 32 * MIB });
    const values = new CgroupValues(container.id);
    for (const memory of [64, 16, 128]) {
      assert.deepEqual(await container.update({ resources: { memory: memory * MIB, memorySwap: 2 * memory * MIB } }), []);
      assert.equal(values.memory(), memory * MIB);
      const { HostConfig } = await container.inspect();
      assert.deepEqual([HostConfig.Memory, HostConfig.MemorySwap], [memory * MIB, 2 * memory * MIB]);
    }
    await container.update({ resources: { pidsLimit: 20, nanoCpus: 25e7 } });
    assert.deepEqual([values.pids(), values.quota()], ['20', '25000']);
    await container.update({ resources: { pidsLimit: -1, memorySwap: -1 } });
    assert.equal(values.pids(), 'max');
    assert.equal((await container.inspect()).HostConfig.Memory, 128 * MIB);
    await container.remove({ force: true });
  });

  it('gives limits to a container that had none, for its next run too', async () => {
    const container = await start();
    await container.update({ resources: { memory: 32 * MIB, pidsLimit: 30 } });
    assert.equal(new CgroupValues(container.id).memory(), 32 * MIB);
    await container.restart({ timeout: 0 });
    const values = new CgroupValues(container.id);
    assert.deepEqual([values.memory(), values.pids()], [32 * MIB, '30']);
    await container.remove({ force: true });
    const stopped = await test.engine.containers.create({ image: 'busybox', network: 'none' });
    await stopped.update({ resources: { cpuShares: 7 } });
    assert.equal((await stopped.inspect()).HostConfig.CpuShares, 7);
    await stopped.remove();
  });

  it('holds when the supervisor runs it again', async () => {
    const script = 'while [ ! -e /go ]; do sleep 0.02; done; rm /go; exit 1';
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', script], network: 'none', restart: 'always', resources: { pidsLimit: 30 } });
    await container.update({ resources: { pidsLimit: 40, memory: 64 * MIB } });
    const { Pid } = (await container.inspect()).State;
    await (await container.exec(['touch', '/go'])).exited;
    for (;;) {
      const { State } = await container.inspect();
      if (State.Status === 'running' && State.Pid !== Pid && State.Pid > 0) break;
      await delay(5);
    }
    const values = new CgroupValues(container.id);
    assert.deepEqual([values.pids(), values.memory()], ['40', 64 * MIB]);
    await container.remove({ force: true });
  });

  it('holds while it is started, and beside other updates', async () => {
    await using other = await Engine.open({ root: test.root, pool: 0 });
    for (let round = 0; round < 3; round++) {
      const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
      const same = await other.containers.get(container.id);
      await Promise.all([container.start(), same.update({ resources: { pidsLimit: 30 } }), container.update({ resources: { memory: 32 * MIB } }), same.update({ resources: { nanoCpus: 25e7 } })]);
      const values = new CgroupValues(container.id);
      assert.deepEqual([values.pids(), values.memory(), values.quota()], ['30', 32 * MIB, '25000']);
      const { HostConfig } = await container.inspect();
      assert.deepEqual([HostConfig.PidsLimit, HostConfig.Memory, HostConfig.NanoCpus], [30, 32 * MIB, 25e7]);
      await container.remove({ force: true });
    }
  });

  it('does not go below what is used, and then changes nothing', async () => {
    // Shell variables are memory that cannot be given back.
    const command = ['sh', '-c', 'x=$(head -c 20000000 /dev/zero | tr "\\0" x); echo ready; read y'];
    const container = await test.engine.containers.create({ image: 'busybox', command, network: 'none', openStdin: true, resources: { memory: 256 * MIB, memorySwap: 256 * MIB, pidsLimit: 50 } });
    const { stdin, stdout, exited } = await container.start({ attach: { stdin: true } });
    for await (const chunk of stdout ?? []) if (String(chunk).includes('ready')) break;
    const failure = container.update({ resources: { pidsLimit: 60, memory: 8 * MIB, memorySwap: 8 * MIB } });
    await assert.rejects(failure, { code: 'E_CONFLICT', message: /^Cannot update container [0-9a-f]{64}: unable to set memory limit to 8388608 \(current usage: \d+, peak usage: \d+\)$/ });
    const values = new CgroupValues(container.id);
    assert.deepEqual([values.memory(), values.pids()], [256 * MIB, '50']);
    const { HostConfig } = await container.inspect();
    assert.deepEqual([HostConfig.Memory, HostConfig.PidsLimit], [256 * MIB, 50]);
    stdin?.end('\n');
    await exited;
    await container.remove();
  });

  const bad: [Partial<Resources>, Partial<Resources>, RegExp | string][] = [
    [{ memory: 8 * MIB, memorySwap: 16 * MIB }, { memory: 32 * MIB }, 'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time'],
    [{ memory: 8 * MIB, memorySwap: 16 * MIB }, { memorySwap: 7 * MIB }, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
    [{}, { memory: 1 }, 'Minimum memory limit allowed is 6MB'],
    [{ nanoCpus: 1e9 }, { cpuPeriod: 5000 }, 'Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set'],
    [{ nanoCpus: 1e9 }, { cpuQuota: 5000 }, 'Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set'],
    [{ cpuPeriod: 5000 }, { nanoCpus: 1e9 }, 'Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set'],
    [{ cpuQuota: 5000 }, { nanoCpus: 1e9 }, 'Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set'],
    [{}, { cpusetCpus: '0-9999' }, /^Requested CPUs are not available/],
  ];
  for (const [current, changes, message] of bad) {
    it(`refuses ${JSON.stringify(changes)} of ${JSON.stringify(current)}`, () => assert.throws(() => mergeLimits(current, changes), { code: 'E_INVALID', message }));
  }

  it('keeps what is not named', () => {
    assert.deepEqual(mergeLimits({ memory: 8 * MIB, memorySwap: -1, cpuShares: 2 }, { memory: 16 * MIB, cpuShares: 0 }).resources, { memory: 16 * MIB, memorySwap: -1, cpuShares: 2 });
  });

  it('is a command', async () => {
    const container = await start();
    assert.equal(await cli.ok('update', '-m', '32m', '--memory-swap', '64m', '--pids-limit', '9', container.id), `${container.id}\n`);
    assert.equal(await cli.ok('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}', container.id), `${32 * MIB} 9\n`);
    for (const [args, status, message] of [
      [[container.id], 1, /you must provide one or more flags/],
      [['-m', '1m', container.id], 1, /Minimum memory limit allowed is 6MB/],
      [['-m', 'x', container.id], 125, /invalid size/],
      [['--pids-limit', '3', 'nosuch'], 1, /No such container: nosuch/],
      [['--kernel-memory', '50m', container.id], 1, /--kernel-memory is not supported/],
    ] as const) {
      const result = await cli.run('update', ...args);
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, message);
    }
    await container.remove({ force: true });
  });
});
