// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Cli } from '../helpers/cli';
import { DOCKERLITE } from '../helpers/command-line';
import { TestEngine } from '../helpers/engine';

describe('dockerlite events', () => {
  let test: TestEngine;
  let cli: Cli;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
  });
  after(() => test.remove());

  const lines = (text: string) => text.split('\n').filter((line) => line !== '');

  it('of other processes, as they come', async () => {
    const child = spawn(process.execPath, [DOCKERLITE, '--root', test.root, 'events', '--since', '0', '-f', 'type=container', '--format', '{{.Action}} {{.Actor.Attributes.name}}'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('destroy web')) child.kill('SIGTERM');
    });
    await cli.ok('run', '--rm', '--name', 'web', '--network', 'none', 'busybox', 'true');
    await ended;
    assert.deepEqual(lines(text), ['create web', 'attach web', 'start web', 'die web', 'destroy web']);
  });

  it('of the past', async () => {
    await cli.ok('run', '-d', '--name', 'db', '--label', 'b=2', '--label', 'a=\u001b[31m', '--network', 'none', 'busybox', 'false');
    await cli.ok('wait', 'db');
    const { id } = await test.engine.containers.get('db');
    const [created, , died] = lines(await cli.ok('events', '--since', '1h', '--until', '0s', '-f', 'container=db'));
    assert.match(created ?? '', new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}(Z|[-+]\\d\\d:\\d\\d) container create ${id} \\(a=\\\\x1b\\[31m, b=2, image=busybox, name=db\\)$`));
    assert.match(died ?? '', / container die .*execDuration=0, exitCode=1, image=busybox/);
    const json = JSON.parse(await cli.ok('events', '--since', '1h', '--until', '0s', '-f', 'container=db', '-f', 'event=die', '--format', 'json')) as Record<string, unknown>;
    assert.deepEqual(Object.keys(json), ['status', 'id', 'from', 'Type', 'Action', 'Actor', 'scope', 'time', 'timeNano']);
    assert.deepEqual([json['status'], json['id'], json['from']], ['die', id, 'busybox']);
    const images = lines(await cli.ok('system', 'events', '--since', '1h', '--until', '0s', '-f', 'type=image', '--format', '{{.Action}} {{.Scope}}'));
    assert.deepEqual(images, ['tag local', 'import local']);
    assert.equal(await cli.ok('events', '--since', '1h', '--until', '0s', '-f', 'label=b=3'), '');
  });

  const bad: [string[], number, string][] = [
    [['--since', 'nonsense'], 1, 'failed to parse value as time or duration: "nonsense"'],
    [['--until', '2024-13-01'], 1, 'parsing time "2024-13-01": month out of range'],
    [['--since', '20', '--until', '10'], 1, '`since` time (20.000000000) cannot be after `until` time (10.000000000)'],
    [['-f', 'colour=red'], 1, "invalid filter 'colour'"],
    [['-f', 'nonsense'], 125, 'invalid argument "nonsense" for "-f, --filter" flag: bad format of filter (expected name=value)'],
    [['--format', '{{.Type'], 1, 'template parsing error: template: :1: unclosed action'],
    [['more'], 1, "'dockerlite events' accepts no arguments"],
  ];
  for (const [args, exit, message] of bad) {
    it(`events ${args.join(' ')}: ${exit}`, async () => {
      const { status, stdout, stderr } = await cli.run('events', '--until', '0s', ...args);
      assert.deepEqual([status, stdout], [exit, '']);
      assert.ok(stderr.startsWith(`dockerlite: ${message}\n`), stderr);
    });
  }
});
