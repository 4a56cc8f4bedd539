// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('dockerlite logs', () => {
  let test: TestEngine;
  let cli: Cli;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
    const options = ['--log-opt', 'max-size=1k', '--log-opt', 'max-file=3', '--log-opt', 'labels=a,b', '--label', 'b=x y', '--label', 'a=1'];
    await cli.ok('run', '--name', 'web', '--network', 'none', ...options, 'busybox', 'sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo $i; done; echo end >&2');
  });
  after(() => test.remove());

  it('across rotated files', async () => {
    const { stdout, stderr } = await cli.run('logs', 'web');
    assert.equal(stdout.trimEnd().split('\n').at(-1), '20');
    assert.equal(stderr, 'end\n');
    assert.equal((await cli.run('logs', '--tail', '3', 'web')).stdout, '19\n20\n');
    const all = await cli.ok('logs', 'web');
    for (const [tail, expected] of [['-3', all], ['', all], ['many', all], ['3x', all], ['0', '']] as const) assert.equal(await cli.ok('logs', `--tail=${tail}`, 'web'), expected, tail);
    assert.equal((await cli.run('logs', '-fn', '15', 'web')).stdout, [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, ''].join('\n'));
    assert.deepEqual(await cli.run('logs', '--since', '0s', 'web').then((result) => result.stdout), '');
    assert.deepEqual(await cli.run('logs', '--until', '1h', 'web').then((result) => result.stdout), '');
  });

  it('with time and details, both of a fixed form', async () => {
    assert.match(await cli.ok('logs', '-t', '--details', '--tail', '2', 'web'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z a=1,b=x\+y 20\n$/);
    assert.equal(await cli.ok('logs', '--details', '--tail', '2', 'web'), 'a=1,b=x+y 20\n');
  });

  it('that are not kept', async () => {
    await cli.ok('run', '--name', 'silent', '--network', 'none', '--log-driver', 'none', 'busybox', 'echo', 'x');
    const { status, stderr } = await cli.run('logs', 'silent');
    assert.deepEqual([status, stderr], [1, 'dockerlite: configured logging driver does not support reading\n']);
    assert.equal(await cli.ok('inspect', '-f', '{{.HostConfig.LogConfig.Type}}', 'silent'), 'none\n');
    assert.equal(await cli.ok('inspect', '-f', '{{index .HostConfig.LogConfig.Config "max-file"}}', 'web'), '3\n');
  });

  const bad: [string[], number, RegExp][] = [
    [['create', '--log-driver', 'journald', 'busybox'], 1, /^dockerlite: logger: no log driver named 'journald' is registered\nuse json-file or none\n$/],
    [['create', '--log-opt', 'max-size=huge', 'busybox'], 1, /failed to initialize logging driver: invalid size: 'huge'/],
    [['create', '--log-opt', 'max-size', 'busybox'], 1, /invalid size: ''/],
    [['create', '--log-opt', 'x=y', 'busybox'], 1, /unknown log opt 'x' for json-file log driver/],
    [['create', '--log-driver', 'none', '--log-opt', 'x=y', 'busybox'], 1, /invalid logging opts for driver none/],
    [['logs', '--since', '2024-99-01', 'web'], 1, /^dockerlite: invalid value for "since": parsing time "2024-99-01": month out of range\n$/],
    [['logs', '--until', 'nonsense', 'web'], 1, /^dockerlite: invalid value for "until": failed to parse value as time or duration: "nonsense"\n$/],
    [['logs', 'nobody'], 1, /No such container: nobody/],
  ];
  for (const [args, exit, message] of bad) {
    it(`${args.join(' ')}: ${exit}`, async () => {
      const { status, stdout, stderr } = await cli.run(...args);
      assert.deepEqual([status, stdout], [exit, '']);
      assert.match(stderr, message);
    });
  }
});
