// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('dockerlite ps and images: every option and filter, and bad input', () => {
  let test: TestEngine;
  let cli: Cli;
  const id: Record<string, string> = {};
  const lines = async (...args: string[]) => {
    const { status, stdout, stderr } = await cli.run(...args);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    return stdout.split('\n').slice(0, -1);
  };

  before(async () => {
    test = await TestEngine.create({ mebibytes: 512 });
    cli = new Cli(test.root);
    const { containers } = test.engine;
    const made = await containers.create({ image: 'busybox', name: 'made', command: ['echo', 'a "long"\n\u001b command'], network: 'none', labels: { tier: 'web', empty: '' } });
    const ended = await containers.run({ image: 'busybox', name: 'ended', command: ['sh', '-c', 'exit 7'], network: 'none' });
    await ended.wait();
    const paused = await containers.run({ image: 'busybox', name: 'paused', command: ['sleep', '1000'], network: 'none' });
    await paused.pause();
    const running = await containers.run({ image: 'busybox:latest', name: 'running', command: ['sleep', '1000'], network: 'none', mounts: ['/tmp:/mnt:ro'] });
    Object.assign(id, { made: made.id, ended: ended.id, paused: paused.id, running: running.id });
  });
  after(() => test.remove());

  it('ps shows what runs, newest first, in Docker’s columns', async () => {
    const [head, ...rows] = await lines('ps');
    assert.match(head ?? '', /^CONTAINER ID {3}IMAGE {12}COMMAND {8}CREATED {2,}STATUS {2,}PORTS {5}NAMES$/);
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? '', new RegExp(`^${id['running']?.slice(0, 12)} {3}busybox:latest {3}"sleep 1000" {3}.+ ago {2,}Up .+ {10}running$`));
    assert.match(rows[1] ?? '', /^[0-9a-f]{12} {3}busybox {10}"sleep 1000".*Up .+ \(Paused\).*paused$/);
  });

  it('ps -a tells of every state; a long command is cut and quoted', async () => {
    const rows = await lines('ps', '-a', '--format', '{{.Names}}|{{.State}}|{{.Status}}|{{.Command}}');
    assert.deepEqual(
      rows.map((row) => row.replace(/(Up |\) )[A-Z0-9][^|(]*?( ago)?(?=\||( \(Paused))/, '$1…')),
      [
        'running|running|Up …|"sleep 1000"',
        'paused|paused|Up … (Paused)|"sleep 1000"',
        `ended|exited|Exited (7) …|"sh -c 'exit 7'"`,
        String.raw`made|created|Created|"echo 'a \"long\"\n\x1b co…"`,
      ],
    );
  });

  it('ps -q, --no-trunc, -n and -l', async () => {
    assert.deepEqual(await lines('ps', '-q'), [id['running'], id['paused']].map((one) => one?.slice(0, 12)));
    assert.deepEqual(await lines('ps', '-aq', '--no-trunc'), [id['running'], id['paused'], id['ended'], id['made']]);
    assert.deepEqual(await lines('ps', '-n', '3', '--format', '{{.Names}}'), ['running', 'paused', 'ended']);
    assert.deepEqual(await lines('ps', '-l', '--format', '{{.Names}}'), ['running']);
    assert.deepEqual(await lines('ps', '-l', '-f', 'status=created', '--format', '{{.Names}}'), ['made']);
    assert.equal((await lines('ps', '-s')).length, 3);
    assert.deepEqual(await lines('container', 'ls', '-q'), await lines('ps', '-q'));
  });

  const filters: [string[], string[]][] = [
    [['status=exited'], ['ended']],
    [['status=exited', 'status=paused'], ['paused', 'ended']],
    [['exited=7'], ['ended']],
    [['exited=0'], []],
    [['label=tier'], ['made']],
    [['label=tier=web', 'label=empty='], ['made']],
    [['label=tier=db'], []],
    [['label=constructor'], []],
    [['name=^en'], ['ended']],
    [['name=('], []],
    [['ancestor=busybox'], ['running', 'paused', 'ended', 'made']],
    [['before=ended'], ['made']],
    [['since=paused'], ['running']],
    [['network=none', 'name=paused'], ['paused']],
  ];
  for (const [filter, names] of filters) {
    it(`ps -a ${filter.map((one) => `-f ${one}`).join(' ')}`, async () => {
      assert.deepEqual(await lines('ps', '-a', ...filter.flatMap((one) => ['-f', one]), '--format', '{{.Names}}'), names);
    });
  }

  it('ps --format json gives every field, mounts too', async () => {
    const [row] = (await lines('ps', '--format', 'json', '-f', 'name=running')).map((line) => JSON.parse(line) as Record<string, string>);
    assert.equal(row?.['ID'], id['running']?.slice(0, 12));
    assert.equal(row?.['Mounts'], '/tmp');
    assert.equal(row?.['Networks'], 'none');
    assert.match(row?.['CreatedAt'] ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [-+]\d{4} \S+$/);
    assert.deepEqual(Object.keys(row ?? {}), Object.keys(row ?? {}).sort());
  });

  it('ps --format with a table of one’s own', async () => {
    assert.deepEqual(await lines('ps', '--format', 'table {{.Names}}\\t{{.Labels}}', '-a', '-f', 'name=made'), ['NAMES     LABELS', 'made      tier=web,empty=']);
  });

  const bad: [string[], number, RegExp][] = [
    [['ps', 'web'], 1, /'dockerlite ps' accepts no arguments/],
    [['ps', '-f', 'nonsense'], 125, /bad format of filter/],
    [['ps', '-f', '=x'], 125, /bad format of filter/],
    [['ps', '-f', 'colour=red'], 1, /invalid filter 'colour'/],
    [['ps', '-f', '__proto__=x'], 1, /invalid filter '__proto__'/],
    [['ps', '-f', 'constructor=x'], 1, /invalid filter 'constructor'/],
    [['ps', '-f', 'status=asleep'], 1, /invalid filter 'status=asleep'/],
    [['ps', '-f', 'exited=x'], 1, /invalid filter 'exited=x'/],
    [['ps', '-f', 'health=well'], 1, /unrecognised filter value for health: well/],
    [['ps', '-f', 'publish=http'], 1, /invalid port: http/],
    [['ps', '-f', 'before=nobody'], 1, /No such container: nobody/],
    [['ps', '-n', 'two'], 125, /not a whole number/],
    [['ps', '--format', '{{.Nonsense}}'], 1, /Nonsense/],
    [['ps', '--format', '{{.Names'], 1, /unclosed action/],
    [['ps', '--colour'], 125, /unknown flag: --colour/],
    [['images', 'a', 'b'], 1, /accepts at most 1 argument/],
    [['images', '-f', 'toString=x'], 1, /invalid filter 'tostring'/],
    [['images', '-f', 'dangling=maybe'], 1, /invalid filter 'dangling=maybe'/],
    [['network', 'ls', '-f', 'dangling=maybe'], 1, /invalid filter 'dangling=maybe'/],
    [['images', '-f', 'since=nobody'], 1, /No such image: nobody/],
    [['images', '--format', '{{range'], 1, /template parsing error/],
  ];
  for (const [args, exit, message] of bad) {
    it(`${args.join(' ')}: ${exit}`, async () => {
      const { status, stdout, stderr } = await cli.run(...args);
      assert.equal(status, exit);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
  }

  it('images: a row for each name, and for what has none', async () => {
    const { images, containers } = test.engine;
    await images.tag('busybox', 'localhost:5000/box:1.0');
    const nameless = await (await containers.get('made')).commit();
    const [head, ...rows] = await lines('images');
    assert.match(head ?? '', /^REPOSITORY {11,}TAG {7}IMAGE ID {7}CREATED {2,}SIZE$/);
    assert.equal(rows.length, (await images.list()).reduce((sum, { tags }) => sum + Math.max(1, tags.length), 0));
    assert.match(rows[0] ?? '', new RegExp(`^<none> +<none> {4}${nameless.id.slice(0, 12)} .* ago +[\\d.]+[kM]?B$`));
    assert.ok(rows.some((row) => /^localhost:5000\/box +1\.0 /.test(row)));
    assert.deepEqual(await lines('images', '-q', '--no-trunc', '-f', 'dangling=true'), [`sha256:${nameless.id}`]);
    assert.deepEqual(await lines('images', 'busybox', '--format', '{{.Repository}} {{.Tag}}'), ['busybox latest']);
    assert.deepEqual(await lines('images', 'busybox:2', '-q'), []);
    assert.deepEqual(await lines('images', 'localhost:5000/*', '--format', '{{.Repository}}'), ['localhost:5000/box']);
    assert.match((await lines('images', '--digests'))[0] ?? '', / {3}DIGEST {4}IMAGE ID /);
    const [json] = (await lines('images', '--format', 'json', 'busybox')).map((line) => JSON.parse(line) as Record<string, string>);
    assert.deepEqual([json?.['Repository'], json?.['Tag'], json?.['Digest']], ['busybox', 'latest', '<none>']);
    assert.deepEqual(await lines('image', 'ls', '-aq'), await lines('images', '-q'));
  });
});
