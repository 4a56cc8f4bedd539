// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, DOCKERLITE, type CliOptions, type CliResult, shell } from '../helpers/command-line';
import { TestEngine } from '../helpers/engine';

const RUN = ['run', '--network', 'none'];

describe('dockerlite run', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const run = (args: string[], options: CliOptions = {}): Promise<CliResult> => cli([...(args.includes('--network') ? ['run'] : RUN), ...args], { root: test.root, ...options });
  const sh = (script: string): Promise<CliResult> => shell(script, { root: test.root });
  const containers = async (): Promise<number> => (await test.engine.containers.list({ all: true })).length;

  it('ends with the exit code of the command, its streams apart', async () => {
    const result = await run(['--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
    assert.deepEqual(result, { status: 7, stdout: 'out\n', stderr: 'err\n' });
    assert.equal(await containers(), 0);
  });

  const failures: [what: string, args: string[], status: number, stderr: RegExp][] = [
    ['a command without a name', ['--rm', 'busybox', ''], 127, /^dockerlite: exec: "": executable file not found in \$PATH\.?\n$/],
    ['no command, as the entrypoint is taken away', ['--rm', '--entrypoint', '', 'busybox'], 125, /^dockerlite: No command specified\n/],
    ['a command that is not there', ['--rm', 'busybox', 'nothere'], 127, /^dockerlite: exec: "nothere": executable file not found in \$PATH\.?\n$/],
    ['a file that is not executable', ['--rm', 'busybox', '/etc/passwd'], 126, /^dockerlite: exec: "\/etc\/passwd": permission denied\n$/],
    ['an image that is not there', ['--rm', 'localhost:1/nope'], 125, /^Unable to find image 'localhost:1\/nope:latest' locally\n/],
    ['one that is not to be pulled', ['--pull', 'never', 'nope:1'], 125, /^dockerlite: No such image: nope:1\n/],
    ['one for another platform', ['--pull', 'never', '--platform', 'linux/s390x', 'busybox'], 125, /^dockerlite: image with reference busybox was found but does not match the specified platform: wanted linux\/s390x, actual: linux\/\w+\n$/],
    ['no platform', ['--platform', 'linux/a/b/c', 'busybox'], 125, /unknown operating system or architecture/],
    ['a file that is not there', ['--label-file', '/nosuch', 'busybox'], 125, /^dockerlite: open \/nosuch: no such file or directory\n/],
    ['another one', ['--security-opt', 'seccomp=/nosuch', 'busybox'], 125, /^dockerlite: opening seccomp profile \(\/nosuch\) failed: open \/nosuch: no such file or directory\n/],
    ['a device that is not there', ['--rm', '--device', '/nosuch', 'busybox'], 125, /\/nosuch/],
    ['a container that is not there', ['--rm', '--pid', 'container:nosuch', 'busybox'], 125, /No such container: nosuch/],
    ['an unknown flag', ['--nope', 'busybox'], 125, /^dockerlite: unknown flag: --nope\n\nUsage:  dockerlite run \[OPTIONS\] IMAGE \[COMMAND\] \[ARG\.\.\.\]\n\nRun 'dockerlite run --help' for more information\n$/],
    ['no image', [], 1, /^dockerlite: 'dockerlite run' requires at least 1 argument\n/],
    ['-a with -d', ['-d', '-a', 'stdout', 'busybox'], 125, /conflicting options/],
    ['-it without a terminal', ['-it', 'busybox'], 1, /^dockerlite: the input device is not a TTY\n$/],
    ['bad detach keys', ['--detach-keys', 'ctrl-1', 'busybox'], 125, /invalid detach keys/],
    ['a label without a name', ['-l', '=x', 'busybox'], 125, /invalid label '=x': empty name/],
    ['one with a space in it', ['-l', 'a b=c', 'busybox'], 125, /label 'a b' contains whitespaces/],
    ['a link to nobody', ['--network', 'bridge', '--link', 'nosuch:db', 'busybox'], 125, /^dockerlite: could not get container for nosuch: No such container: nosuch\n$/],
    ['an unknown network', ['--network', 'lan', 'busybox'], 125, /network lan not found/],
    ['a bad name', ['--name', 'a/b', 'busybox'], 125, /Invalid container name/],
  ];
  for (const [what, args, status, stderr] of failures) {
    it(`says ${status} for ${what} and leaves nothing`, async () => {
      const result = await run(args);
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, stderr);
      assert.equal(result.stdout, '');
      assert.equal(await containers(), 0);
    });
  }

  it('passes on everything after the image', async () => {
    assert.equal((await run(['--rm', 'busybox', 'echo', '--rm', '-it', '--', '-e'])).stdout, '--rm -it -- -e\n');
  });

  it('warns of ports that the network of the host has no use for, and takes an empty host name for none', async () => {
    const { status, stderr } = await run(['--rm', '--network', 'host', '-p', '80:80', 'busybox', 'true']);
    assert.deepEqual([status, stderr], [0, 'WARNING: Published ports are discarded when using host network mode\n']);
    assert.match((await run(['--rm', '-h', '', 'busybox', 'hostname'])).stdout, /^[0-9a-f]{12}\n$/);
  });

  it('has options that are Node\'s too', async () => {
    const direct = spawnSync(DOCKERLITE, ['--root', test.root, 'run', '--env-file', '/nosuch', 'busybox', 'true'], { encoding: 'utf8' });
    assert.deepEqual([direct.status, direct.stderr.split('\n')[0]], [125, 'dockerlite: open /nosuch: no such file or directory']);
    const inside = spawnSync(DOCKERLITE, ['--root', test.root, 'run', '--rm', '--network', 'none', 'busybox', 'echo', '--env-file=/nosuch'], { encoding: 'utf8' });
    assert.deepEqual([inside.status, inside.stdout], [0, '--env-file=/nosuch\n'], inside.stderr);
  });

  it('takes environment, working directory, user, host name and entrypoint', async () => {
    const envFile = join(test.loop.directory, 'env');
    writeFileSync(envFile, '# comment\nFROM_FILE=a b\nFROM_HERE\n');
    const options = ['-e', 'A=1', '-eB', '--env-file', envFile, '-w', '/tmp', '-u', 'nobody', '-h', 'inside', '--entrypoint', 'sh'];
    const result = await run(['--rm', ...options, 'busybox', '-c', 'echo $A $B $FROM_FILE $FROM_HERE; pwd; id -un; hostname'], { env: { B: 'own', FROM_HERE: 'here' } });
    assert.equal(result.stdout, '1 own a b here\n/tmp\nnobody\ninside\n', result.stderr);
  });

  it('mounts volumes and tmpfs, and can have its own file system read-only', async () => {
    const options = ['-v', `${test.loop.directory}:/host:ro`, '--tmpfs', '/scratch:size=1m', '--mount', `type=bind,source=${test.loop.directory},target=/rw`, '--read-only'];
    const script = 'touch /host/x || echo ro; touch /scratch/x /rw/made && echo rw; touch /x || echo rootfs';
    const result = await run(['--rm', ...options, 'busybox', 'sh', '-c', script]);
    assert.equal(result.stdout, 'ro\nrw\nrootfs\n', result.stderr);
    assert.ok(existsSync(join(test.loop.directory, 'made')));
  });

  it('reads a pipe to its end', async () => {
    const input = Buffer.alloc(20 << 20, 'half-close ');
    const { stdout } = await run(['--rm', '-i', 'busybox', 'sha256sum'], { input });
    assert.equal(stdout.split(' ')[0], createHash('sha256').update(input).digest('hex'));
  });

  it('has an input that ended before it began', async () => {
    assert.deepEqual(await run(['--rm', '-i', 'busybox', 'cat'], { input: '' }), { status: 0, stdout: '', stderr: '' });
    assert.equal((await sh(`true | dockerlite ${RUN.join(' ')} --rm -i busybox wc -c`)).stdout, '0\n');
    assert.equal((await sh(`dockerlite ${RUN.join(' ')} --rm -i busybox wc -c <<< four`)).stdout, '5\n');
  });

  it('loses nothing of what is written last, to pipes and to files', async () => {
    const script = `'i=0; while [ $i -lt 3000 ]; do echo line $i of many that fill the pipe well; i=$((i+1)); done; echo the end >&2'`;
    const file = join(test.loop.directory, 'out');
    const { stdout, stderr } = await sh(`dockerlite ${RUN.join(' ')} --rm busybox sh -c ${script} | (sleep 0.2; tail -1); dockerlite ${RUN.join(' ')} --rm busybox sh -c ${script} > ${file}`);
    assert.equal(stdout, 'line 2999 of many that fill the pipe well\n');
    assert.equal(stderr, 'the end\nthe end\n');
    assert.equal(readFileSync(file, 'utf8').split('\n').length, 3001);
  });

  it('ends quietly with the reader of its output, and its container too', async () => {
    const result = await sh(`dockerlite ${RUN.join(' ')} --rm busybox yes | head -1; echo \${PIPESTATUS[0]}`);
    assert.deepEqual(result, { status: 0, stdout: 'y\n141\n', stderr: '' });
    assert.equal(await containers(), 0);
  });

  it('passes signals on', async () => {
    const script = 'trap "echo got TERM; exit 9" TERM; echo ready; while :; do sleep 1 & wait $!; done';
    const result = await sh(`
      coproc { exec "$NODE" "$DOCKERLITE" ${RUN.join(' ')} --rm busybox sh -c '${script}'; }
      pid=$COPROC_PID
      read -r line <&"\${COPROC[0]}"; echo "$line"
      kill -TERM $pid
      read -r line <&"\${COPROC[0]}"; echo "$line"
      wait $pid; echo $?`);
    assert.equal(result.stdout, 'ready\ngot TERM\n9\n', result.stderr);
    assert.equal(await containers(), 0);
  });

  it('runs in the background with -d, and writes its id to a file', async () => {
    const cidfile = join(test.loop.directory, 'cid');
    const started = await run(['-d', '--name', 'background', '--cidfile', cidfile, 'busybox', 'sh', '-c', 'echo logged; exec sleep 1000']);
    assert.match(started.stdout, /^[0-9a-f]{64}\n$/, started.stderr);
    assert.equal(readFileSync(cidfile, 'utf8'), started.stdout.trim());
    const again = await run(['-d', '--cidfile', cidfile, 'busybox']);
    assert.match(again.stderr, /container ID file found/);
    const taken = await run(['-d', '--name', 'background', 'busybox']);
    assert.equal(taken.status, 125);
    assert.match(taken.stderr, /is already in use by container/);
    assert.match((await cli(['kill', 'background'], { root: test.root })).stdout, /^background\n$/);
    assert.equal((await cli(['wait', 'background'], { root: test.root })).stdout, '137\n');
    assert.equal((await cli(['logs', 'background'], { root: test.root })).stdout, 'logged\n');
    await (await test.engine.containers.get('background')).remove();
  });

  it('removes with --rm -d once it has ended', async () => {
    const { stdout } = await run(['-d', '--rm', 'busybox', 'true']);
    assert.equal((await cli(['wait', stdout.trim()], { root: test.root })).status, 0);
    for (let left = 1; left > 0; ) left = await containers();
  });
});
