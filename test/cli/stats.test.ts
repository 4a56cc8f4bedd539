// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { cpuPercent, memoryUsed, statsFields } from '../../cli/output/stats-row';
import { binarySize, humanSize } from '../../cli/output/size';
import { NO_CPU } from '../../lib/containers/stats/sample';
import type { ContainerStats, CpuStats } from '../../lib/containers/stats/types';
import { Cli } from '../helpers/cli';
import { shell, terminal } from '../helpers/command-line';
import { TestEngine } from '../helpers/engine';

describe('dockerlite stats', () => {
  let test: TestEngine;
  let cli: Cli;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
    for (const name of ['first', 'second']) await cli.ok('run', '-d', '--name', name, '--network', 'none', 'busybox', 'sleep', '1000');
    await cli.ok('create', '--name', 'idle', 'busybox');
  });
  after(() => test.remove());

  const lines = (text: string) => text.trimEnd().split('\n');
  const size = '[\\d.]+[kKMG]?i?B';

  it('once: a row for each that runs, newest first', async () => {
    const [heading, second, first, ...more] = lines(await cli.ok('stats', '--no-stream'));
    assert.match(heading ?? '', /^CONTAINER ID   NAME {6}CPU % {5}MEM USAGE \/ LIMIT {2,}MEM % {5}NET I\/O {3,}BLOCK I\/O {3,}PIDS$/);
    assert.match(second ?? '', new RegExp(`^[0-9a-f]{12}   second +\\d+\\.\\d\\d% +${size} / ${size} +\\d+\\.\\d\\d% +0B / 0B +${size} / ${size} +1$`));
    assert.match(first ?? '', / first /);
    assert.deepEqual(more, []);
  });

  it('of those that were named, as they were named', async () => {
    assert.deepEqual(lines(await cli.ok('stats', '--no-stream', '--format', '{{.Container}} {{.Name}} {{.PIDs}}', 'idle', 'first')), ['idle idle 0', 'first first 1']);
    assert.deepEqual(lines(await cli.ok('stats', '--no-stream', '-a', '--no-trunc', '--format', '{{.ID}} {{.MemUsage}} {{.CPUPerc}}'))[0], `${(await test.engine.containers.get('idle')).id} 0B / 0B 0.00%`);
    const json = JSON.parse(await cli.ok('container', 'stats', '--no-stream', '--format', 'json', 'first')) as object;
    assert.deepEqual(Object.keys(json), ['BlockIO', 'CPUPerc', 'Container', 'ID', 'MemPerc', 'MemUsage', 'Name', 'NetIO', 'PIDs']);
  });

  it('with what an egress policy refuses, where there is one', async () => {
    await cli.ok('run', '-d', '--name', 'kept', '--egress', 'none', 'busybox', 'sh', '-c', 'nslookup a.example; sleep 1000');
    const denied = async (...names: string[]) => lines(await cli.ok('stats', '--no-stream', '--format', '{{.EgressDenied}}', ...names)).join(', ');
    while ((await denied('kept')) !== '0 / 2') assert.match(await denied('kept'), /^0 \/ [012]$/);
    assert.equal(await denied('first'), '--');
    assert.match(await cli.ok('stats', '--no-stream', '--format', 'json', 'kept'), /"EgressDenied":"0 \/ 2"/);
    await cli.ok('rm', '-f', 'kept');
  });

  it('live at a terminal: written over, with what has started and without what has ended', async () => {
    const { screen } = await terminal(`dockerlite --root '${test.root}' stats --format '{{.Name}};'`, [
      ['second;', { type: '' }],
      ['second;', { type: '\u0003' }],
    ]);
    assert.ok(screen.startsWith('\u001b[2J\u001b[H\u001b[Hsecond;\u001b[K\r\nfirst;\u001b[K\r\n\u001b[J\u001b[H'), JSON.stringify(screen));
  });

  it('stops when nobody reads', async () => {
    const { status, stdout } = await shell(`dockerlite --root '${test.root}' stats --format '{{.Name}}' first | head -1`);
    assert.deepEqual([status, stdout], [0, 'first\n']);
  });

  const bad: [string[], number, RegExp][] = [
    [['nobody'], 1, /^dockerlite: No such container: nobody\n$/],
    [['first', 'nobody'], 1, /No such container: nobody/],
    [['--format', '{{.Nonsense}}'], 1, /Nonsense/],
    [['--format', '{{.Name'], 1, /unclosed action/],
    [['--interval', '1'], 125, /unknown flag: --interval/],
  ];
  for (const [args, exit, message] of bad) {
    it(`stats ${args.join(' ')}: ${exit}`, async () => {
      const { status, stdout, stderr } = await cli.run('stats', '--no-stream', ...args);
      assert.deepEqual([status, stdout], [exit, '']);
      assert.match(stderr, message);
    });
  }
});

describe('the figures of stats', () => {
  const cpu = (own: number, all: number, cpus: number): CpuStats => ({ ...NO_CPU, cpu_usage: { ...NO_CPU.cpu_usage, total_usage: own }, system_cpu_usage: all, online_cpus: cpus });
  const stats = (more: Partial<ContainerStats>): ContainerStats => ({
    ...{ id: 'f'.repeat(64), name: '/web', read: '', preread: '', pids_stats: {}, blkio_stats: { io_service_bytes_recursive: [], io_serviced_recursive: [] } },
    ...{ cpu_stats: NO_CPU, precpu_stats: NO_CPU, memory_stats: {}, networks: {}, ...more },
  });

  it('processor: of one, so that two busy ones are 200 %', () => {
    assert.equal(cpuPercent(stats({ cpu_stats: cpu(300, 400, 2), precpu_stats: cpu(100, 200, 2) })), 200);
    assert.equal(cpuPercent(stats({ cpu_stats: cpu(100, 400, 4), precpu_stats: cpu(50, 200, 4) })), 100);
    assert.equal(cpuPercent(stats({ cpu_stats: cpu(50, 400, 4), precpu_stats: cpu(100, 200, 4) })), 0); // started anew
    assert.equal(cpuPercent(stats({ cpu_stats: cpu(100, 200, 4), precpu_stats: cpu(50, 200, 4) })), 0);
  });

  it('memory: without the cache that can be dropped', () => {
    assert.equal(memoryUsed({ usage: 100, stats: { total_inactive_file: 30, inactive_file: 10 } }), 70);
    assert.equal(memoryUsed({ usage: 100, stats: { inactive_file: 10 } }), 90);
    assert.equal(memoryUsed({ usage: 100, stats: { inactive_file: 200 } }), 100);
    assert.equal(memoryUsed({}), 0);
  });

  it('a row', () => {
    const row = statsFields(stats({
      memory_stats: { usage: 3 << 20, limit: 12 << 20 },
      pids_stats: { current: 4 },
      networks: { eth0: { rx_bytes: 1000, rx_packets: 0, rx_errors: 0, rx_dropped: 0, tx_bytes: 2, tx_packets: 0, tx_errors: 0, tx_dropped: 0 }, eth1: { rx_bytes: 234, rx_packets: 0, rx_errors: 0, rx_dropped: 0, tx_bytes: 0, tx_packets: 0, tx_errors: 0, tx_dropped: 0 } },
      blkio_stats: { io_service_bytes_recursive: [{ major: 8, minor: 0, op: 'Read', value: 1 }, { major: 8, minor: 0, op: 'write', value: 5_000_000 }, { major: 8, minor: 0, op: 'Total', value: 9 }], io_serviced_recursive: [] },
    }), false);
    assert.deepEqual(row, { BlockIO: '1B / 5MB', CPUPerc: '0.00%', Container: 'f'.repeat(12), ID: 'f'.repeat(12), MemPerc: '25.00%', MemUsage: '3MiB / 12MiB', Name: 'web', NetIO: '1.23kB / 2B', PIDs: '4' });
  });

  it('sizes', () => {
    assert.deepEqual([0, 1, 999, 1000, 1234, 123_456, 1e9, 1e24].map((bytes) => humanSize(bytes)), ['0B', '1B', '999B', '1kB', '1.23kB', '123kB', '1GB', '1YB']);
    assert.deepEqual([0, 1023, 1024, 1536, 25_000_000, 2 ** 40].map(binarySize), ['0B', '1023B', '1KiB', '1.5KiB', '23.84MiB', '1TiB']);
  });
});
