// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { readLegacy } from '../../lib/containers/stats/cgroup-v1';
import { readUnified } from '../../lib/containers/stats/cgroup-v2';
import type { ContainerStats } from '../../lib/containers/stats/types';
import { TestEngine } from '../helpers/engine';

describe('what a container uses', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const started = async (script: string, more = {}) => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', script], network: 'none', ...more });
    await container.start();
    return container;
  };
  /** The first sample that is as expected. */
  const until = async (samples: AsyncGenerator<ContainerStats>, expected: (stats: ContainerStats) => boolean): Promise<ContainerStats> => {
    for await (const stats of samples) if (expected(stats)) return stats;
    throw new Error('the samples ended');
  };

  it('processor time, memory, processes and their limits', async () => {
    const container = await started('head -c 8m /dev/zero > /dev/shm/x; sleep 1000 & while :; do :; done', { resources: { memory: 64 << 20, memorySwap: 64 << 20, pidsLimit: 77 } });
    const stats = await until(container.stats(), ({ pids_stats, memory_stats }) => pids_stats.current === 2 && (memory_stats.usage ?? 0) > 8 << 20);
    const next = await until(container.stats(), ({ precpu_stats }) => precpu_stats.online_cpus > 0);
    await container.remove({ force: true });
    assert.equal(stats.id, container.id);
    assert.equal(stats.pids_stats.limit, 77);
    assert.equal(stats.memory_stats.limit, 64 << 20);
    assert.ok((stats.memory_stats.usage ?? 0) < 64 << 20);
    assert.ok(Object.keys(stats.memory_stats.stats ?? {}).length > 10);
    assert.deepEqual(stats.networks, {});
    const { cpu_stats, precpu_stats } = next;
    assert.ok(cpu_stats.cpu_usage.total_usage > precpu_stats.cpu_usage.total_usage);
    assert.ok(cpu_stats.system_cpu_usage > precpu_stats.system_cpu_usage);
    assert.ok(precpu_stats.cpu_usage.total_usage >= stats.cpu_stats.cpu_usage.total_usage);
    assert.ok(cpu_stats.online_cpus >= 1);
    assert.ok(next.read > next.preread && next.preread > stats.read);
  });

  it('the memory of the machine where it has no limit', async () => {
    const container = await started('sleep 1000');
    for await (const stats of container.stats({ oneShot: true, stream: false })) {
      assert.equal(stats.memory_stats.limit, totalmem());
      assert.equal(stats.precpu_stats.online_cpus, 0);
    }
    await container.remove({ force: true });
  });

  it('its network, but not the loopback', async () => {
    const container = await started('ping -c 1 -W 1 127.0.0.1; echo x > /dev/udp 2>/dev/null; sleep 1000', { network: 'bridge' });
    for await (const { networks } of container.stats({ oneShot: true, stream: false })) {
      assert.deepEqual(Object.keys(networks), ['eth0']);
      assert.deepEqual(Object.keys(networks['eth0'] ?? {}), ['rx_bytes', 'rx_packets', 'rx_errors', 'rx_dropped', 'tx_bytes', 'tx_packets', 'tx_errors', 'tx_dropped']);
      assert.ok(Object.values(networks['eth0'] ?? {}).every((value) => Number.isSafeInteger(value)));
    }
    await container.remove({ force: true });
  });

  it('nothing while it does not run, and no more samples when it is gone', async () => {
    const container = await started('sleep 1000');
    const seen: number[] = [];
    for await (const { cpu_stats, pids_stats } of container.stats()) {
      seen.push(pids_stats.current ?? 0);
      if (seen.length === 1) await container.kill().then(() => container.wait());
      else {
        assert.equal(cpu_stats.cpu_usage.total_usage, 0);
        await container.remove();
      }
    }
    assert.deepEqual(seen, [1, 0]);
    await assert.rejects(container.stats().next(), { code: 'E_NO_SUCH_CONTAINER' });
  });

  it('of all at once, newest first, those that have ended too if wanted', async () => {
    const first = await started('sleep 1000');
    const second = await started('true');
    await second.wait();
    const third = await started('sleep 1000');
    const ids = async (all: boolean) => {
      for await (const samples of test.engine.containers.stats({ all, stream: false, oneShot: true })) return samples.map(({ id }) => id);
      return [];
    };
    assert.deepEqual(await ids(false), [third.id, first.id]);
    assert.deepEqual(await ids(true), [third.id, second.id, first.id]);
    for (const container of [first, second, third]) await container.remove({ force: true });
  });

  it('ends when it is told to', async () => {
    const container = await started('sleep 1000');
    const end = new AbortController();
    let samples = 0;
    for await (const { id } of container.stats({ signal: end.signal })) {
      assert.equal(id, container.id);
      samples++;
      end.abort();
    }
    assert.equal(samples, 1);
    await container.remove({ force: true });
  });
});

describe('control groups', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  };

  it('of version 2', async () => {
    write({
      'cpu.stat': 'usage_usec 1234\nuser_usec 1000\nsystem_usec 234\nnr_periods 5\nnr_throttled 2\nthrottled_usec 7\n',
      'memory.current': '4096\n',
      'memory.peak': '8192\n',
      'memory.max': 'max\n',
      'memory.stat': 'anon 1\ninactive_file 2\n',
      'pids.current': '3\n',
      'pids.max': 'max\n',
      'io.stat': '8:0 rbytes=100 wbytes=200 rios=3 wios=4 dbytes=0 dios=0\n7:1 \n253:2 rbytes=5 __proto__=7\n',
    });
    const { cpu, memory, pids, blkio } = await readUnified(() => directory);
    assert.deepEqual(cpu.cpu_usage, { total_usage: 1_234_000, usage_in_kernelmode: 234_000, usage_in_usermode: 1_000_000 });
    assert.deepEqual(cpu.throttling_data, { periods: 5, throttled_periods: 2, throttled_time: 7000 });
    assert.deepEqual(memory, { usage: 4096, max_usage: 8192, stats: { anon: 1, inactive_file: 2 }, limit: undefined });
    assert.deepEqual(pids, { current: 3, limit: undefined });
    assert.deepEqual(blkio.io_service_bytes_recursive, [
      { major: 8, minor: 0, op: 'read', value: 100 },
      { major: 8, minor: 0, op: 'write', value: 200 },
      { major: 253, minor: 2, op: 'read', value: 5 },
    ]);
    assert.deepEqual(blkio.io_serviced_recursive.map(({ value }) => value), [3, 4]);
  });

  it('of version 1', async () => {
    write({
      'cpuacct.usage': '99\n',
      'cpuacct.stat': 'user 2\nsystem 3\n',
      'cpu.stat': 'nr_periods 1\nnr_throttled 0\nthrottled_time 5\n',
      'memory.usage_in_bytes': '10\n',
      'memory.limit_in_bytes': '20\n',
      'memory.stat': 'total_inactive_file 4\n',
      'pids.current': '1\n',
      'pids.max': '9\n',
      'blkio.throttle.io_service_bytes_recursive': '8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Total 30\nTotal 30\n',
    });
    const { cpu, memory, pids, blkio } = await readLegacy(() => directory);
    assert.deepEqual(cpu.cpu_usage, { total_usage: 99, usage_in_kernelmode: 30_000_000, usage_in_usermode: 20_000_000 });
    assert.deepEqual([memory.usage, memory.limit, memory.stats?.['total_inactive_file']], [10, 20, 4]);
    assert.deepEqual(pids, { current: 1, limit: 9 });
    assert.deepEqual(blkio.io_service_bytes_recursive.map(({ op, value }) => [op, value]), [['Read', 10], ['Write', 20], ['Sync', 30], ['Total', 30]]);
    assert.deepEqual(blkio.io_serviced_recursive, []);
  });

  it('that have just gone', async () => {
    assert.equal((await readLegacy(() => `${directory}/none`)).cpu.cpu_usage.total_usage, 0);
    assert.deepEqual((await readUnified(() => `${directory}/none`)).pids, { current: undefined, limit: undefined });
  });
});
