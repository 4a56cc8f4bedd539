// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { cli, type CliResult, shell, type Step, terminal } from '../helpers/command-line';
import { TestEngine } from '../helpers/engine';

const IT = 'dockerlite run -it --network none';

describe('terminals', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const at = (script: string, steps: Step[]): Promise<{ status: number; screen: string }> => terminal(script, steps, { root: test.root });

  it('work: size, Ctrl-C to the program, resize, exit code', async () => {
    const script = 'stty size; trap "echo caught" INT; trap "stty size; exit 5" WINCH; echo one; while :; do sleep 1 & wait $!; done';
    const { status, screen } = await at(`${IT} --rm busybox sh -c '${script}'`, [
      ['one', { type: '\x03' }],
      ['caught', { resize: [11, 22] }],
    ]);
    assert.match(screen, /^24 80\r\none\r\n\^Ccaught\r\n11 22\r\n$/);
    assert.equal(status, 5);
  });

  it('are left as they were found', async () => {
    const { screen } = await at(`before=$(stty -a); ${IT} --rm busybox true; ${IT} --rm busybox nothere; [ "$before" = "$(stty -a)" ] && echo the same`, []);
    assert.match(screen, /the same\r\n$/);
  });

  it('are left and come back to', async () => {
    const left = await at(`${IT} --name shell busybox sh; echo status $?`, [
      ['# ', { type: 'x=kept\r' }],
      ['# ', { type: '\x10\x11' }],
    ]);
    // A newer busybox asks its terminal where the cursor is.
    assert.match(left.screen, /read escape sequence\r\n(\x1b\[6n)*status 0\r\n$/);
    const back = await at('dockerlite attach shell; echo status $?', [
      ['', { type: '\r' }],
      ['# ', { type: 'echo $x\r' }],
      ['kept', { type: 'exit 3\r' }],
    ]);
    assert.match(back.screen, /kept\r\n.*status 3\r\n$/s);
    const again = await at('dockerlite start -ai --detach-keys ctrl-x shell; echo status $?', [['# ', { type: '\x10\x11\x18' }]]);
    assert.match(again.screen, /read escape sequence\r\n(\u0007|\x1b\[6n)*status 0\r\n$/);
    await (await test.engine.containers.get('shell')).remove({ force: true });
  });

  it('are restored when a signal ends the client; the container runs on', async () => {
    const pidFile = join(test.loop.directory, 'pid');
    const client = `bash -c 'echo $$ > ${pidFile}; exec "$NODE" "$DOCKERLITE" run -it --network none --name orphan busybox sh -c "echo ready; exec sleep 1000"'`;
    const { screen } = await at(`before=$(stty -a); ${client}; echo status $?; [ "$before" = "$(stty -a)" ] && echo the same`, [['ready', { signal: 'SIGTERM', pidFile }]]);
    assert.match(screen, /status 143\r\nthe same\r\n$/);
    const orphan = await test.engine.containers.get('orphan');
    assert.equal((await orphan.inspect()).State.Running, true);
    await orphan.remove({ force: true });
  });

  it('serve exec', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], name: 'host', network: 'none' });
    await container.start();
    const { screen, status } = await at('dockerlite exec -it host sh', [
      ['# ', { type: 'tty; stty size\r' }],
      ['24 80', { type: 'exit 6\r' }],
    ]);
    assert.match(screen, /\/dev\/pts\/\d+\r\n24 80/);
    assert.equal(status, 6);
    await container.remove({ force: true });
  });

  it('without -t are read line by line, up to Ctrl-D', async () => {
    const { screen } = await at('dockerlite run -i --rm --network none busybox cat; echo status $?', [
      ['', { type: 'line\r' }],
      ['line\r\nline', { type: '\x04' }],
    ]);
    assert.match(screen, /line\r\nline\r\nstatus 0\r\n$/);
  });
});

describe('commands on running containers', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', 'trap "exit 4" TERM; while :; do sleep 1 & wait $!; done'], name: 'web', network: 'none' });
    await container.start();
  });
  after(() => test.remove());

  const dockerlite = (...args: string[]): Promise<CliResult> => cli(args, { root: test.root });

  it('exec: exit code, streams, input, user', async () => {
    assert.deepEqual(await dockerlite('exec', 'web', 'sh', '-c', 'echo out; echo err >&2; exit 3'), { status: 3, stdout: 'out\n', stderr: 'err\n' });
    const piped = await shell('printf "b\\na\\n" | dockerlite exec -i web sort', { root: test.root });
    assert.equal(piped.stdout, 'a\nb\n');
    assert.equal((await dockerlite('exec', '-u', 'nobody', '-w', '/tmp', '-e', 'X=1', 'web', 'sh', '-c', 'id -un; pwd; echo $X')).stdout, 'nobody\n/tmp\n1\n');
    assert.equal((await dockerlite('exec', '-d', 'web', 'touch', '/marked')).status, 0);
    for (let made = 1; made !== 0; ) made = (await dockerlite('exec', 'web', 'test', '-e', '/marked')).status;
  });

  for (const [args, status, stderr] of [
    [['exec', 'web', 'nothere'], 127, /executable file not found/],
    [['exec', 'web', '/etc/passwd'], 126, /permission denied/],
    [['exec', 'nobody', 'true'], 1, /No such container: nobody/],
    [['exec', 'web'], 1, /requires at least 2 arguments/],
    [['start', 'web'], 1, /already running/],
    [['start', '-a', 'web', 'web'], 1, /multiple containers/],
    [['attach', 'nobody'], 1, /No such container/],
    [['logs', '--since', 'yesterday', 'web'], 1, /invalid value for "since": failed to parse value as time or duration: "yesterday"/],
    [['kill', '-s', 'NOPE', 'web'], 1, /invalid signal: NOPE/],
    [['unpause', 'web'], 1, /is not paused/],
    [['stop', '-t', 'soon', 'web'], 125, /invalid argument "soon"/],
  ] as [string[], number, RegExp][]) {
    it(`${args.join(' ')}: ${status}`, async () => {
      const result = await dockerlite(...args);
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, stderr);
    });
  }

  it('pause, unpause, stop, start, restart, kill, wait', async () => {
    assert.deepEqual(await dockerlite('pause', 'web'), { status: 0, stdout: 'web\n', stderr: '' });
    assert.match((await dockerlite('exec', 'web', 'true')).stderr, /is paused/);
    assert.equal((await dockerlite('unpause', 'web')).status, 0);
    assert.equal((await dockerlite('stop', '-t', '60', 'web')).stdout, 'web\n');
    assert.equal((await dockerlite('wait', 'web')).stdout, '4\n');
    assert.equal((await dockerlite('start', 'web')).stdout, 'web\n');
    assert.equal((await dockerlite('restart', '-t', '0', 'web')).status, 0);
    assert.equal((await dockerlite('container', 'exec', 'web', 'true')).status, 0);
    const both = await dockerlite('kill', 'web', 'nobody');
    assert.deepEqual(both, { status: 1, stdout: 'web\n', stderr: 'dockerlite: Cannot kill container: nobody: No such container: nobody\n' });
  });

  it('start -a ends with the exit code; logs has it all', async () => {
    await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', 'echo one; echo two >&2; exit 8'], name: 'short', network: 'none' });
    assert.deepEqual(await dockerlite('start', '-a', 'short'), { status: 8, stdout: 'one\n', stderr: 'two\n' });
    const logs = await dockerlite('logs', 'short');
    assert.deepEqual([logs.stdout, logs.stderr], ['one\n', 'two\n']);
    assert.match((await dockerlite('logs', '-t', 'short')).stdout, /^\d{4}-\d\d-\d\dT[\d:.]+Z one\n$/);
    assert.equal((await dockerlite('logs', '--until', '1h', 'short')).stdout, '');
    assert.equal((await dockerlite('logs', '-f', 'short')).stdout, 'one\n');
  });

  it('logs -f ends with its reader', async () => {
    const script = 'dockerlite run -d --network none --name chatty busybox sh -c "while :; do echo x; done" >/dev/null; dockerlite logs -f chatty | head -1; echo ${PIPESTATUS[0]}';
    const { stdout } = await shell(script, { root: test.root });
    assert.match(stdout, /^x\n(0|141)\n$/);
    await (await test.engine.containers.get('chatty')).remove({ force: true });
  });

  it('complete names', async () => {
    const complete = async (...words: string[]): Promise<string[]> => (await dockerlite('__complete', '--', ...words)).stdout.split('\n').map((line) => line.split('\t')[0] as string);
    assert.ok((await complete('')).includes('run'));
    assert.ok((await complete('run', '--')).includes('--network'));
    assert.deepEqual(await complete('run', '--network', ''), ['none', 'bridge', 'host', '']);
    assert.ok((await complete('run', '-it', '')).includes('busybox'));
    assert.ok((await complete('container', 'start', '')).includes('short'));
    assert.deepEqual(await complete('run', 'busybox', ''), [':files', '']);
    for (const name of ['bash', 'zsh', 'fish']) assert.match((await dockerlite('completion', name)).stdout, /__complete/);
    const { status } = await shell('source <(dockerlite completion bash) && COMP_WORDS=(dockerlite sto) COMP_CWORD=1 && _dockerlite && [ "${COMPREPLY[*]}" = stop ]', { root: test.root });
    assert.equal(status, 0);
  });
});

describe('the command line', () => {
  for (const [args, status, stdout, stderr] of [
    [[], 0, /^Usage: {2}dockerlite \[OPTIONS\] COMMAND/, /^$/],
    [['--help'], 0, /Common Commands:\n {2}run /, /^$/],
    [['help', 'run'], 0, /^Usage: {2}dockerlite run \[OPTIONS\] IMAGE/, /^$/],
    [['run', '--help'], 0, /-e, --env/, /^$/],
    [['container'], 0, /^Usage: {2}dockerlite container COMMAND/, /^$/],
    [['container', 'run', '--help'], 0, /^Usage: {2}dockerlite run/, /^$/],
    [['nope'], 1, /^$/, /^dockerlite: unknown command: dockerlite nope\n\nRun 'dockerlite --help' for more information\n$/],
    [['help', 'nope'], 1, /^$/, /^dockerlite: unknown help topic: nope\n\nRun 'dockerlite --help' for more information\n$/],
    [['volume', 'nope'], 1, /^$/, /^dockerlite: unknown command: dockerlite volume nope\n\nRun 'dockerlite volume --help' for more information\n$/],
    [['container', 'nope'], 1, /^$/, /unknown command: dockerlite container nope/],
    [['constructor'], 1, /^$/, /unknown command/],
    [['--nope', 'run'], 125, /^$/, /unknown flag: --nope/],
    [['wait', 'x'], 1, /^$/, /^dockerlite: there is no dockerlite store at .*\n.*dockerlite init\n$/],
  ] as [string[], number, RegExp, RegExp][]) {
    it(`${args.join(' ') || 'nothing'}: ${status}`, async () => {
      const result = await cli(args);
      assert.match(result.stdout, stdout);
      assert.match(result.stderr, stderr);
      assert.equal(result.status, status);
    });
  }

  it('is quiet when nobody reads', async () => {
    const { stderr } = await shell('dockerlite --help | true');
    assert.equal(stderr, '');
  });

  it('shows where an error comes from when asked', async () => {
    assert.match((await cli(['-D', 'wait', 'x'])).stderr, /\n {4}at /);
  });
});
