// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('dockerlite prune', () => {
  let test: TestEngine;
  let cli: Cli;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
  });
  after(() => test.remove());

  const answer = async (input: string, ...args: string[]) => {
    const { status, stdout, stderr } = await cli.runWith({ input }, ...args);
    assert.deepEqual([status, stderr], [0, '']);
    return stdout;
  };
  const create = async (...options: string[]) => (await cli.ok('create', '--network', 'none', ...options, 'busybox')).trim();

  it('containers: asks first', async () => {
    const id = await create();
    const question = 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ';
    for (const no of ['', 'n\n', '\n', 'x']) assert.equal(await answer(no, 'container', 'prune'), question);
    assert.equal(await answer('y\n', 'container', 'prune'), `${question}Deleted Containers:\n${id}\n\nTotal reclaimed space: 0B\n`);
    assert.equal(await cli.ok('container', 'prune', '-f'), 'Total reclaimed space: 0B\n');
  });

  it('images', async () => {
    const id = await create('--name', 'box');
    const made = (await cli.ok('commit', 'box')).trim();
    await cli.ok('rm', 'box');
    assert.ok((await answer('n', 'image', 'prune')).startsWith('WARNING! This will remove all dangling images.\n'));
    assert.ok((await answer('n', 'image', 'prune', '-a')).startsWith('WARNING! This will remove all images without at least one container associated to them.\n'));
    assert.equal(await cli.ok('image', 'prune', '-f', '--filter', 'until=1h'), 'Total reclaimed space: 0B\n');
    assert.equal(await cli.ok('image', 'prune', '-f'), `Deleted Images:\ndeleted: ${made}\n\nTotal reclaimed space: 0B\n`);
    assert.notEqual(id, '');
  });

  it('everything: says what, and in which order it went', async () => {
    const id = await create('-v', '/data');
    await create('--label', 'keep', '--name', 'kept');
    const text = await answer('n', 'system', 'prune', '--volumes', '--filter', 'label!=keep', '--filter', 'label=x');
    assert.equal(
      text,
      [
        'WARNING! This will remove:',
        ...['all stopped containers', 'all networks not used by at least one container', 'all anonymous volumes not used by at least one container', 'all dangling images'].map((one) => `  - ${one}`),
        '\n  Items to be pruned will be filtered with:\n  - label!=keep\n  - label==x\n',
        'Are you sure you want to continue? [y/N] ',
      ].join('\n'),
    );
    const volume = (await cli.ok('volume', 'ls', '-q')).trim();
    await cli.ok('network', 'create', '--subnet', '10.213.7.0/24', 'unused');
    const done = await cli.ok('system', 'prune', '--volumes', '-f', '--filter', 'label!=keep');
    assert.equal(done, `Deleted Containers:\n${id}\n\nDeleted Networks:\nunused\n\nDeleted Volumes:\n${volume}\n\nTotal reclaimed space: 0B\n`);
    assert.equal(await cli.ok('ps', '-a', '--format', '{{.Names}}'), 'kept\n');
    const images = await cli.ok('system', 'prune', '-af');
    assert.match(images, /^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Images:\nuntagged: busybox:latest\ndeleted: sha256:[0-9a-f]{64}\nuntagged: empty:latest\ndeleted: sha256:[0-9a-f]{64}\n\nTotal reclaimed space: [\d.]+[kM]B\n$/);
  });

  const bad: [string[], number, RegExp][] = [
    [['container', 'prune', '-f', '--filter', 'colour=red'], 1, /invalid filter 'colour'/],
    [['image', 'prune', '-f', '--filter', '__proto__=red'], 1, /invalid filter '__proto__'/],
    [['system', 'prune', '-f', '--filter', 'nonsense'], 125, /bad format of filter/],
    [['container', 'prune', '-f', '--filter', 'until=nonsense'], 1, /failed to parse value as time or duration: "nonsense"/],
    [['image', 'prune', '-f', '--filter', 'until=1h', '--filter', 'until=2h'], 1, /more than one until filter specified/],
    [['system', 'prune', '-f', '--volumes', '--filter', 'until=1h'], 1, /ERROR: The "until" filter is not supported with "--volumes"/],
    [['container', 'prune', 'x'], 1, /accepts no arguments/],
    [['system', 'df', 'x'], 1, /accepts no arguments/],
    [['system', 'df', '--format', '{{.Nonsense}}'], 1, /Nonsense/],
    [['system', 'df', '-v', '--format', '{{.Images'], 1, /unclosed action/],
    [['system', 'nonsense'], 1, /unknown command: dockerlite system nonsense/],
  ];
  for (const [args, exit, message] of bad) {
    it(`${args.join(' ')}: ${exit}`, async () => {
      const { status, stdout, stderr } = await cli.run(...args);
      assert.deepEqual([status, stdout], [exit, '']);
      assert.match(stderr, message);
    });
  }
});

describe('dockerlite system df, ps -s and inspect -s', () => {
  let test: TestEngine;
  let cli: Cli;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
    await cli.ok('run', '--name', 'web', '--network', 'none', '-v', 'data:/data', 'busybox', 'sh', '-c', 'head -c 2500 /dev/zero > /x; head -c 10 /dev/zero > /data/y');
  });
  after(() => test.remove());

  const lines = (text: string) => text.trimEnd().split('\n');

  it('in four lines', async () => {
    const [heading, images, containers, volumes, cache, ...more] = lines(await cli.ok('system', 'df'));
    assert.match(heading ?? '', /^TYPE {12}TOTAL {5}ACTIVE {4}SIZE {6,}RECLAIMABLE$/);
    assert.match(images ?? '', /^Images {10}2 {9}1 {9}[\d.]+MB +0B \(0%\)$/);
    assert.match(containers ?? '', /^Containers {6}1 {9}0 {9}2\.5kB +2\.5kB \(100%\)$/);
    assert.match(volumes ?? '', /^Local Volumes {3}1 {9}1 {9}10B +0B \(0%\)$/);
    assert.match(cache ?? '', /^Build Cache {5}0 {9}0 {9}0B +0B$/);
    assert.deepEqual(more, []);
    assert.deepEqual(lines(await cli.ok('system', 'df', '--format', 'json')).map((line) => Object.keys(JSON.parse(line) as object)), Array.from({ length: 4 }, () => ['Active', 'Reclaimable', 'Size', 'TotalCount', 'Type']));
  });

  it('one by one', async () => {
    const text = await cli.ok('system', 'df', '-v');
    assert.match(text, /^Images space usage:\n\nREPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS\nbusybox +latest /);
    assert.match(text, /\n\nContainers space usage:\n\nCONTAINER ID +IMAGE +COMMAND +LOCAL VOLUMES +SIZE +CREATED +STATUS +NAMES\n[0-9a-f]{12} +busybox .* 1 +2\.5kB .*web\n/);
    assert.match(text, /\n\nLocal Volumes space usage:\n\nVOLUME NAME   LINKS     SIZE\ndata          1         10B\n\nBuild cache usage: 0B\n\nCACHE ID /);
    const parsed = JSON.parse(await cli.ok('system', 'df', '-v', '--format', 'json')) as Record<string, unknown[]>;
    assert.deepEqual(Object.entries(parsed).map(([key, list]) => [key, list.length]), [['Images', 2], ['Containers', 1], ['Volumes', 1], ['BuildCache', 0]]);
  });

  it('ps and inspect', async () => {
    const [heading, row] = lines(await cli.ok('ps', '-as'));
    assert.match(heading ?? '', / NAMES +SIZE$/);
    assert.match(row ?? '', / web +2\.5kB \(virtual [\d.]+MB\)$/);
    assert.equal(await cli.ok('ps', '-a', '--format', '{{.Size}}').then((text) => text.split(' ')[0]), '2.5kB');
    assert.equal(await cli.ok('inspect', '-s', '-f', '{{.SizeRw}}', 'web'), '2500\n');
    assert.equal(await cli.ok('inspect', '-f', '{{.SizeRw}}', 'web'), '<no value>\n');
    assert.equal(await cli.ok('container', 'inspect', '--size', '-f', '{{.SizeRootFs}}', 'web').then((text) => Number(text) > 2500), true);
  });
});
