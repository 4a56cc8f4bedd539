// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('dockerlite ps and images', () => {
  let test: TestEngine;
  let cli: Cli;
  let ids: Record<'created' | 'running' | 'ended', string>;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
    const make = async (name: string, command: string[], labels: Record<string, string> = {}) => {
      const container = await test.engine.containers.create({ image: 'busybox', name, command, labels, network: 'none' });
      return container;
    };
    const created = await make('created', ['true']);
    const running = await make('running', ['sh', '-c', 'sleep 1000; echo a long command'], { role: 'web', 'a.b': 'c=d' });
    const ended = await make('ended', ['sh', '-c', 'exit 3']);
    await running.start();
    await ended.start();
    await ended.wait();
    ids = { created: created.id, running: running.id, ended: ended.id };
  });
  after(() => test?.remove());

  const lines = (text: string) => text.trimEnd().split('\n');
  const names = async (...args: string[]) => lines(await cli.ok('ps', '--format', '{{.Names}}', ...args)).filter((name) => name !== '');

  it('shows what runs, in the columns of Docker', async () => {
    const [heading = '', row = '', ...more] = lines(await cli.ok('ps'));
    assert.deepEqual(more, []);
    assert.match(heading, /^CONTAINER ID   IMAGE     COMMAND +CREATED +STATUS +PORTS +NAMES$/);
    assert.match(row, new RegExp(`^${ids.running.slice(0, 12)}   busybox   "sh -c 'sleep 1000; …"   .*ago +Up .*running$`));
    // Every cell begins below its heading.
    assert.equal(row.indexOf('Up '), heading.indexOf('STATUS'));
    assert.equal(row.lastIndexOf('running'), heading.indexOf('NAMES'));
  });

  it('shows all of them, the newest first, with how they are', async () => {
    assert.deepEqual(await names('-a'), ['ended', 'running', 'created']);
    const status = async (name: string) => (await cli.ok('ps', '-a', '-f', `name=^${name}$`, '--format', '{{.Status}}/{{.State}}')).trimEnd();
    assert.match(await status('ended'), /^Exited \(3\) .* ago\/exited$/);
    assert.match(await status('running'), /^Up .*\/running$/);
    assert.equal(await status('created'), 'Created/created');
    await cli.ok('pause', 'running');
    assert.match(await status('running'), /^Up .* \(Paused\)\/paused$/);
    await cli.ok('unpause', 'running');
  });

  it('prints ids alone, short or whole', async () => {
    assert.equal(await cli.ok('ps', '-q'), `${ids.running.slice(0, 12)}\n`);
    assert.equal(await cli.ok('ps', '-q', '--no-trunc'), `${ids.running}\n`);
    assert.equal(await cli.ok('ps', '-lq'), `${ids.ended.slice(0, 12)}\n`);
    assert.deepEqual(lines(await cli.ok('ps', '-qn', '2')), [ids.ended.slice(0, 12), ids.running.slice(0, 12)]);
    assert.match(await cli.ok('ps', '--no-trunc'), /"sh -c 'sleep 1000; echo a long command'"/);
  });

  it('filters', async () => {
    assert.deepEqual(await names('-f', 'status=exited'), ['ended']);
    assert.deepEqual(await names('-f', 'exited=3'), ['ended']);
    assert.deepEqual(await names('-f', 'exited=0'), []);
    assert.deepEqual(await names('-a', '-f', 'name=e.d'), ['ended']);
    assert.deepEqual(await names('-a', '-f', 'label=role'), ['running']);
    assert.deepEqual(await names('-a', '-f', 'label=a.b=c=d'), ['running']);
    assert.deepEqual(await names('-a', '-f', 'label=role=db'), []);
    assert.deepEqual(await names('-a', '-f', 'ancestor=busybox:latest', '-f', 'status=created'), ['created']);
    assert.deepEqual(await names('-a', '-f', 'since=created', '-f', 'before=ended'), ['running']);
    assert.deepEqual(await names('-a', '-f', `id=${ids.ended.slice(0, 8)}`), ['ended']);
  });

  it('formats', async () => {
    assert.equal(await cli.ok('ps', '--format', '{{.ID}} {{.Image}} {{.Networks}}'), `${ids.running.slice(0, 12)} busybox none\n`);
    const [heading, row] = lines(await cli.ok('ps', '--format', 'table {{.Names}}\\t{{.Labels}}'));
    assert.equal(heading, 'NAMES     LABELS');
    assert.match(row ?? '', /^running   (role=web,a\.b=c=d|a\.b=c=d,role=web)$/);
    const parsed = JSON.parse(await cli.ok('ps', '--format', 'json')) as Record<string, string>;
    assert.deepEqual([parsed['ID'], parsed['Names'], parsed['State']], [ids.running.slice(0, 12), 'running', 'running']);
  });

  it('formats one label', async () => {
    assert.equal(await cli.ok('ps', '--format', '{{.Names}} {{.Label "role"}} {{.Label "a.b" | upper}}[{{.Label "toString"}}]'), 'running web C=D[]\n');
    assert.equal(await cli.ok('ps', '--format', 'table {{.Names}}\t{{.Label "role"}}'), 'NAMES     role\nrunning   web\n');
    assert.ok(!/=>|function/.test(await cli.ok('ps', '--format', '{{.}} {{json .}} {{print .Label}}')));
    assert.match((await cli.run('ps', '--format', '{{.Names "role"}}')).stderr, /can't give argument to non-function/);
  });

  it('says what is wrong with a filter or a template', async () => {
    for (const [args, message] of [
      [['-f', 'nosuch=1'], /invalid filter 'nosuch'/],
      [['-f', 'status=nosuch'], /invalid filter 'status=nosuch'/],
      [['-f', '__proto__=1'], /invalid filter '__proto__'/],
      [['-f', 'name'], /bad format of filter/],
      [['--format', '{{.Nosuch}}'], /can't evaluate field Nosuch/],
      [['--format', '{{.ID'], /template parsing error/],
      [['extra'], /accepts no arguments/],
      [['-n', 'x'], /invalid argument "x"/],
    ] as [string[], RegExp][]) {
      const { status, stdout, stderr } = await cli.run('ps', ...args);
      assert.notEqual(status, 0, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
  });

  it('lists images with their names, ids and sizes', async () => {
    await test.engine.images.tag('busybox', 'registry.example:5000/some/busybox:v1');
    const { id } = await test.engine.images.get('busybox');
    const [heading = '', ...rows] = lines(await cli.ok('images'));
    assert.match(heading, /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
    assert.ok(rows.some((row) => new RegExp(`^busybox +latest +${id.slice(0, 12)} +.*ago +[\\d.]+[kM]B$`).test(row)), rows.join('\n'));
    assert.ok(rows.some((row) => /^registry\.example:5000\/some\/busybox +v1 /.test(row)), rows.join('\n'));
    assert.ok(rows.some((row) => /^empty +latest +[0-9a-f]{12} .* 0B$/.test(row)), rows.join('\n'));
    assert.match(await cli.ok('images', '--digests'), /^REPOSITORY +TAG +DIGEST +IMAGE ID/);
    assert.deepEqual(lines(await cli.ok('images', '-q', '--no-trunc', 'busybox')), [`sha256:${id}`]);
    assert.equal(await cli.ok('images', 'busybox:nosuch'), 'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n');
    await cli.ok('rmi', 'registry.example:5000/some/busybox:v1');
  });

  it('shows an image without a name as <none>', async () => {
    const id = (await cli.ok('commit', 'created')).trim().slice('sha256:'.length);
    assert.match(await cli.ok('images', '-f', 'dangling=true'), new RegExp(`\n<none> +<none> +${id.slice(0, 12)} `));
    assert.equal(await cli.ok('images', '-qf', 'dangling=true'), `${id.slice(0, 12)}\n`);
    assert.deepEqual(JSON.parse(await cli.ok('images', '-f', 'dangling=true', '--format', '{{json .Tag}}')), '<none>');
    assert.equal(await cli.ok('rmi', id.slice(0, 12)), `Deleted: sha256:${id}\n`);
  });
});
