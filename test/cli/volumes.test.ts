// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('dockerlite volume', () => {
  let test: TestEngine;
  let cli: Cli;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
  });
  after(() => test?.remove());

  it('creates, lists, inspects, snapshots and removes', async () => {
    assert.equal(await cli.ok('volume', 'create', '--label', 'a=1', 'data'), 'data\n');
    assert.equal(await cli.ok('volume', 'ls'), 'DRIVER    VOLUME NAME\nlocal     data\n');
    assert.equal(await cli.ok('volume', 'ls', '-q', '--filter', 'label=a=1'), 'data\n');
    assert.equal(await cli.ok('volume', 'ls', '--format', '{{.Name}} {{.Label "a"}}'), 'data 1\n');
    const [info] = JSON.parse(await cli.ok('volume', 'inspect', 'data')) as Record<string, unknown>[];
    assert.deepEqual({ ...info, CreatedAt: '' }, { CreatedAt: '', Driver: 'local', Labels: { a: '1' }, Mountpoint: `${test.root}/volumes/data/_data`, Name: 'data', Options: null, Scope: 'local' });
    assert.equal(await cli.ok('inspect', '-f', '{{.Driver}}', 'data'), 'local\n');
    await cli.ok('run', '--rm', '--network', 'none', '-v', 'data:/x', 'busybox', 'sh', '-c', 'echo text > /x/file');
    assert.equal(await cli.ok('volume', 'snapshot', 'data', 'copy'), 'copy\n');
    assert.equal(await cli.ok('run', '--rm', '--network', 'none', '--mount', 'type=volume,src=copy,dst=/x,ro', 'busybox', 'cat', '/x/file'), 'text\n');
    assert.equal(await cli.ok('volume', 'rm', 'data', 'copy'), 'data\ncopy\n');
  });

  it('does not remove what a container has, and goes on with the others', async () => {
    const id = (await cli.ok('create', '--network', 'none', '-v', 'used:/x', '-v', '/y', '--name', 'user', 'busybox')).trim();
    await cli.ok('volume', 'create', 'free');
    const { status, stdout, stderr } = await cli.run('volume', 'rm', 'used', 'nosuch', 'free');
    assert.deepEqual([status, stdout], [1, 'free\n']);
    assert.equal(stderr, `dockerlite: remove used: volume is in use - [${id}]\ndockerlite: get nosuch: no such volume\n`);
    assert.equal(await cli.ok('volume', 'rm', '-f', 'nosuch'), 'nosuch\n');
    assert.equal(await cli.ok('ps', '-a', '-q', '--no-trunc', '-f', 'volume=used'), `${id}\n`);
    assert.match(await cli.ok('ps', '-a', '--no-trunc', '--format', '{{.LocalVolumes}} {{.Mounts}}'), /^2 used,[0-9a-f]{64}\n$/);
    await cli.ok('rm', '-v', 'user');
    assert.equal(await cli.ok('volume', 'ls', '-q'), 'used\n');
  });

  it('asks before it prunes', async () => {
    await cli.ok('volume', 'create', 'named');
    assert.match(await cli.ok('volume', 'create'), /^[0-9a-f]{64}\n$/);
    const asked = await cli.runWith({ input: 'n\n' }, 'volume', 'prune');
    assert.equal(asked.stdout, 'WARNING! This will remove anonymous local volumes not used by at least one container.\nAre you sure you want to continue? [y/N] ');
    assert.match((await cli.runWith({ input: 'y\n' }, 'volume', 'prune')).stdout, /Deleted Volumes:\n[0-9a-f]{64}\n/);
    assert.equal(await cli.ok('volume', 'prune', '-f'), 'Total reclaimed space: 0B\n');
    assert.match(await cli.ok('volume', 'prune', '-a', '-f', '--filter', 'label!=keep'), /^Deleted Volumes:\nnamed\n/);
    assert.equal((await cli.run('volume', 'prune', '-f', '--filter', 'until=1h')).status, 1);
  });

  const bad: [string[], number, RegExp][] = [
    [['volume'], 0, /^$/],
    [['volume', 'nosuch'], 1, /unknown command: dockerlite volume nosuch/],
    [['volume', 'create', 'a', 'b'], 1, /at most 1 argument/],
    [['volume', 'create', 'a/b'], 1, /includes invalid characters for a local volume name/],
    [['volume', 'create', '-d', 'nfs', 'data'], 1, /plugin "nfs" not found/],
    [['volume', 'create', '-o', 'colour=red', 'data'], 1, /invalid option: "colour"/],
    [['volume', 'create', '--label', '=x', 'data'], 125, /invalid label '=x': empty name/],
    [['volume', 'inspect', 'nosuch'], 1, /get nosuch: no such volume/],
    [['volume', 'ls', '-f', 'colour=red'], 1, /invalid filter 'colour'/],
    [['volume', 'snapshot', 'nosuch', 'copy'], 1, /get nosuch: no such volume/],
    [['volume', 'rm'], 1, /requires at least 1 argument/],
    [['create', '-v', 'data:/x:rx', 'busybox'], 1, /invalid mode: rx/],
    [['create', '--mount', 'type=bind,src=/no/such,dst=/x', 'busybox'], 1, /bind source path does not exist: \/no\/such/],
    [['create', '--volume-driver', 'nfs', '-v', 'data:/x', 'busybox'], 125, /plugin "nfs" not found/],
    [['create', '--volumes-from', 'nosuch', 'busybox'], 1, /No such container: nosuch/],
  ];
  for (const [args, expected, message] of bad) {
    it(`${args.join(' ')}: ${expected}`, async () => {
      const { status, stderr } = await cli.run(...args);
      assert.equal(status, expected, stderr);
      assert.match(stderr, message);
    });
  }

  it('leaves nothing of what failed', async () => {
    assert.equal(await cli.ok('volume', 'ls', '-q'), '');
    assert.equal(await cli.ok('ps', '-aq'), '');
  });
});
