// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

interface Inspected {
  Id: string;
  Name?: string;
  RepoTags?: string[];
}

describe('dockerlite inspect, top, version, info, and what needs a registry', () => {
  let test: TestEngine;
  let cli: Cli;
  let id: string;
  before(async () => {
    test = await TestEngine.create({ mebibytes: 512 });
    cli = new Cli(test.root);
    const running = await test.engine.containers.run({ image: 'busybox', name: 'running', command: ['sleep', '1000'], network: 'none' });
    id = running.id;
  });
  after(() => test?.remove());

  const inspect = async (...args: string[]) => JSON.parse(await cli.ok('inspect', ...args)) as Inspected[];

  it('prints one array of containers and images in the order asked', async () => {
    const [container, image, again] = await inspect(id.slice(0, 10), 'busybox:latest', 'running');
    assert.equal(container?.Id, id);
    assert.deepEqual(image?.RepoTags, ['busybox:latest']);
    assert.equal(again?.Name, '/running');
    assert.match(await cli.ok('inspect', 'running'), /^\[\n {4}\{\n {8}"Id": "/);
  });

  it('a container goes before an image of its name, unless the type is given', async () => {
    const named = await test.engine.containers.create({ image: 'busybox', name: 'busybox', network: 'none' });
    assert.equal((await inspect('busybox'))[0]?.Id, named.id);
    assert.deepEqual((await inspect('--type=image', 'busybox'))[0]?.RepoTags, ['busybox:latest']);
    assert.equal(await cli.ok('image', 'inspect', '-f', '{{index .RepoTags 0}}', 'busybox'), 'busybox:latest\n');
    assert.equal(await cli.ok('container', 'inspect', '-f', '{{.Name}}', 'busybox'), '/busybox\n');
    await named.remove();
  });

  it('tells what is missing after what was found', async () => {
    const { status, stdout, stderr } = await cli.run('inspect', 'nosuch', 'running', 'Bad Name');
    assert.equal(status, 1);
    assert.deepEqual((JSON.parse(stdout) as Inspected[]).map((one) => one.Id), [id]);
    assert.equal(stderr, 'Error: No such object: nosuch\nError: No such object: Bad Name\n');
    const none = await cli.run('inspect', '--type', 'container', 'busybox');
    assert.deepEqual([none.status, none.stdout, none.stderr], [1, '[]\n', 'Error: No such container: busybox\n']);
    assert.equal((await cli.run('inspect', '-f', '{{.Id}}', 'nosuch')).stdout, '');
  });

  it('formats', async () => {
    assert.equal(await cli.ok('inspect', '-sf', '{{.State.Status}} {{.Config.Cmd}} {{.Config.Labels.nosuch}}', 'running'), 'running [sleep 1000] <no value>\n');
    const compact = await cli.ok('inspect', '--format', 'json', 'running', 'busybox');
    assert.deepEqual([compact.trimEnd().split('\n').length, (JSON.parse(compact) as unknown[]).length], [1, 2]);
  });

  const bad: [string[], number, RegExp][] = [
    [['inspect'], 1, /requires at least 1 argument/],
    [['inspect', '--type', 'plugin', 'x'], 1, /unknown type: "plugin": must be one of "container", "image", "network", "volume"/],
    [['inspect', '--type', '', 'x'], 1, /type is empty: must be one of/],
    [['inspect', '-f', '{{.Config.Nosuch}}', 'running'], 1, /: executing "" at <\.Config\.Nosuch>: map has no entry for key "Nosuch"/],
    [['inspect', '-f', '{{', 'running'], 1, /template parsing error/],
    [['inspect', '-f', '{{nosuch .}}', 'running'], 1, /function "nosuch" not defined/],
    [['inspect', '-f', '{{index .Config.Cmd 9}}', 'running'], 1, /index out of range/],
    [['top'], 1, /requires at least 1 argument/],
    [['top', 'nosuch'], 1, /No such container: nosuch/],
    [['version', 'x'], 1, /accepts no arguments/],
    [['version', '-f', '{{.Nosuch}}'], 1, /can't evaluate field Nosuch/],
    [['info', '-f', '{{.Nosuch}}'], 1, /can't evaluate field Nosuch/],
    [['pull'], 1, /requires 1 argument/],
    [['search', '--limit', 'few', 'debian'], 125, /not a whole number/],
  ];
  for (const [args, exit, message] of bad) {
    it(`${args.join(' ')}: ${exit}`, async () => {
      const { status, stdout, stderr } = await cli.run(...args);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.equal(status, exit);
    });
  }

  it('top shows the processes, as options of ps ask for', async () => {
    const { State } = await (await test.engine.containers.get('running')).inspect();
    const table = async (...options: string[]) => (await cli.ok('top', 'running', ...options)).trimEnd().split('\n');
    const [heading = '', row = '', ...more] = await table();
    assert.match(heading, /^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/);
    assert.match(row, /^root +\d+ +\d+ .* sleep 1000$/);
    assert.deepEqual(more, []);
    assert.deepEqual(await table('-o', 'pid'), ['PID', String(State.Pid)]);
    assert.match((await table('aux', '--forest'))[0] ?? '', /^USER +PID +%CPU +%MEM +VSZ +RSS +TTY +STAT +START +TIME +COMMAND$/);
    const bad = await cli.run('top', 'running', '-o', 'nonsense');
    assert.deepEqual([bad.status, bad.stderr], [1, 'dockerlite: ps: error: unknown user-defined format specifier "nonsense"\n']);
    const stopped = await test.engine.containers.create({ image: 'busybox', name: 'stopped', network: 'none' });
    const { status, stderr } = await cli.run('top', 'stopped');
    assert.equal(status, 1);
    assert.match(stderr, /is not running/);
    await stopped.remove();
  });

  it('version needs no store', async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8')) as { version: string };
    const nowhere = new Cli('/no/such/store');
    assert.equal(await nowhere.ok('--version'), `dockerlite version ${version}\n`);
    assert.equal(await nowhere.ok('version', '-f', '{{.Client.Version}} {{.Server.Version}}'), `${version} ${version}\n`);
    assert.match(await nowhere.ok('version'), /^Client:\n Version: +\S+\n[^]*\nEngine:\n[^]* liblxc: +\S+\n/);
    assert.equal((JSON.parse(await nowhere.ok('version', '--format', 'json')) as { Client: { NodeVersion: string } }).Client.NodeVersion, process.version);
  });

  it('info counts', async () => {
    assert.match(await cli.ok('info'), new RegExp(`^Containers: 1\n Running: 1\n Paused: 0\n Stopped: 0\nImages: \\d+\n[^]*Root Dir: ${test.root}\n`));
    assert.equal(await cli.ok('system', 'info', '-f', '{{.ContainersRunning}} {{.Driver}}'), '1 btrfs\n');
    assert.notEqual((await new Cli('/no/such/store').run('info')).status, 0);
  });

  it('every command has help with examples', async () => {
    for (const name of ['ps', 'images', 'rm', 'rmi', 'inspect', 'diff', 'commit', 'tag', 'rename', 'top', 'version', 'info', 'pull', 'push', 'search']) {
      assert.match(await cli.ok(name, '--help'), new RegExp(`^Usage: {2}dockerlite ${name}[^]*\nExamples:\n {2}dockerlite `), name);
    }
  });
});
