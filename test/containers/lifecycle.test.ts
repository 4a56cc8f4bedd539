// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import type { Container } from '../../lib/containers/container';
import { TestEngine, readAll } from '../helpers/engine';

describe('a container', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const create = (command: string[], more = {}): Promise<Container> =>
    test.engine.containers.create({ image: 'busybox', command, network: 'none', ...more });
  const sh = (script: string, more = {}): Promise<Container> => create(['sh', '-c', script], more);

  it('runs its command and gives its exit code', async () => {
    const container = await sh('exit 7');
    await container.start();
    assert.deepEqual(await container.wait(), { exitCode: 7, oomKilled: false });
    assert.equal((await container.inspect()).State.ExitCode, 7);
  });

  it('keeps stdout and stderr apart', async () => {
    const container = await sh('echo out; echo err >&2');
    const attachment = await container.start({ attach: {} });
    const [out, err] = await Promise.all([readAll(attachment.stdout), readAll(attachment.stderr)]);
    assert.deepEqual([out, err], ['out\n', 'err\n']);
    assert.equal((await attachment.exited).exitCode, 0);
  });

  it('reads stdin up to its end', async () => {
    const container = await create(['sha256sum'], { openStdin: true });
    const attachment = await container.start({ attach: { stdin: true } });
    const block = Buffer.alloc(1 << 20, 'x');
    for (let i = 0; i < 16; i++) if (!attachment.stdin?.write(block)) await new Promise((done) => attachment.stdin?.once('drain', done));
    attachment.stdin?.end();
    const { createHash } = await import('node:crypto');
    const expected = createHash('sha256').update(Buffer.alloc(16 << 20, 'x')).digest('hex');
    assert.equal((await readAll(attachment.stdout)).split(' ')[0], expected);
    assert.equal((await attachment.exited).exitCode, 0);
  });

  it('says 127 for a command that is not there and stays as created', async () => {
    const container = await create(['/no/such/command']);
    await assert.rejects(container.start(), { code: 'E_COMMAND_NOT_FOUND', exitStatus: 127 });
    assert.equal((await container.inspect()).State.Status, 'created');
  });

  it('says 126 for a file that cannot be executed', async () => {
    const container = await create(['/etc/passwd']);
    await assert.rejects(container.start(), { code: 'E_COMMAND_NOT_EXECUTABLE', exitStatus: 126 });
  });

  it('can be started again, and keeps its files', async () => {
    const container = await sh('test -e /mark && exit 3; touch /mark');
    await container.start();
    assert.equal((await container.wait()).exitCode, 0);
    await container.start();
    assert.equal((await container.wait()).exitCode, 3);
  });

  it('is killed by a signal: 128 plus its number', async () => {
    const container = await create(['sleep', '1000']);
    await container.start();
    await container.kill('SIGKILL');
    assert.equal((await container.wait()).exitCode, 137);
    await assert.rejects(container.kill(), { code: 'E_CONFLICT' });
  });

  it('stops with its stop signal', async () => {
    const container = await sh('trap "exit 5" USR1; echo set; while :; do sleep 1 & wait; done', { stopSignal: 'SIGUSR1' });
    const attachment = await container.start({ attach: {} });
    await once(attachment.stdout!, 'data');
    await container.stop({ timeout: 60 });
    assert.equal((await attachment.exited).exitCode, 5);
  });

  it('is removed with everything it had', async () => {
    const container = await create(['true']);
    await container.start();
    await container.wait();
    await container.remove();
    assert.ok(!existsSync(`${test.root}/containers/${container.id}`));
    await assert.rejects(container.inspect(), { code: 'E_NO_SUCH_CONTAINER' });
  });

  it('is not removed while it runs, unless forced', async () => {
    const container = await create(['sleep', '1000']);
    await container.start();
    await assert.rejects(container.remove(), { code: 'E_CONFLICT' });
    await container.remove({ force: true });
    assert.ok(!readdirSync(`${test.root}/containers`).includes(container.id));
  });

  it('shows what changed and commits it', async () => {
    const container = await sh('echo new > /root/file; rm /etc/group; echo x >> /etc/passwd');
    await container.start();
    await container.wait();
    const changes = [];
    for await (const change of container.diff()) changes.push(`${change.kind} ${change.path}`);
    assert.deepEqual(changes.filter((line) => !/ \/(etc|root)$/.test(line)).sort(), ['added /root/file', 'changed /etc/passwd', 'deleted /etc/group']);
    const image = await container.commit({ reference: 'changed:v1', changes: ['CMD ["cat", "/root/file"]'] });
    const again = await test.engine.containers.create({ image: image.id, network: 'none' });
    const attachment = await again.start({ attach: {} });
    assert.equal(await readAll(attachment.stdout), 'new\n');
    const none = [];
    for await (const change of again.diff()) none.push(change);
    assert.deepEqual(none, [], 'a fresh container differs from its image in nothing');
  });

  it('commits what it was created with', async () => {
    const { engine } = test;
    const options = { image: 'busybox', command: ['true'], tty: true, env: ['A=1'], publish: ['98:98'], expose: ['99'], mounts: ['/anonymous', 'named:/n'], stopSignal: 'INT', workdir: '/tmp' };
    const container = await engine.containers.create(options);
    const { config } = (await container.commit()).oci;
    assert.deepEqual(config, { User: '', Env: ['A=1'], Cmd: ['true'], WorkingDir: '/tmp', Labels: {}, ExposedPorts: { '98/tcp': {}, '99/tcp': {} }, Volumes: { '/anonymous': {} }, StopSignal: 'SIGINT' });
    await container.remove({ volumes: true });
    await engine.volumes.remove('named');
  });

  it('is given the days to end that were asked for', async () => {
    const container = await sh('trap "echo got; read x < /end; exit 5" TERM; mkfifo /end; echo ready; while :; do sleep 0.1; done');
    const { stdout } = await container.start({ attach: {} });
    const words = (stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
    assert.equal(String((await words.next()).value), 'ready\n');
    const stopped = container.stop({ timeout: 2 ** 31 / 1000 + 1 });
    assert.equal(String((await words.next()).value), 'got\n');
    await container.exec(['sh', '-c', 'echo > /end']);
    await stopped;
    assert.equal((await container.inspect()).State.ExitCode, 5);
  });

  it('executes more commands in it, many at once', async () => {
    const container = await create(['sleep', '1000']);
    await container.start();
    const codes = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => (await container.exec(['sh', '-c', `exit ${i}`])).exited),
    );
    assert.deepEqual(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await assert.rejects(container.exec(['nothere']), { code: 'E_COMMAND_NOT_FOUND' });
    const echo = await container.exec(['cat'], { attach: { stdin: true } });
    echo.stdin?.end('hello');
    assert.equal(await readAll(echo.stdout), 'hello');
  });

  it('is created in a batch, all or none', async () => {
    const before = readdirSync(`${test.root}/containers`).length;
    const made = await test.engine.containers.createMany(Array.from({ length: 20 }, () => ({ image: 'busybox', network: 'none' as const })));
    assert.equal(new Set(made.map((container) => container.id)).size, 20);
    assert.equal(readdirSync(`${test.root}/containers`).length, before + 20);
    const twice = [{ image: 'busybox', name: 'twice' }, { image: 'busybox', name: 'twice' }];
    await assert.rejects(test.engine.containers.createMany(twice), { code: 'E_NAME_IN_USE' });
    assert.equal(readdirSync(`${test.root}/containers`).length, before + 20);
  });

  it('has its log kept', async () => {
    const container = await sh('echo one; echo two >&2; printf three');
    await container.start();
    await container.wait();
    const entries = [];
    for await (const entry of container.logs()) entries.push(`${entry.stream}:${entry.log}`);
    assert.deepEqual(entries.sort(), ['stderr:two\n', 'stdout:one\n', 'stdout:three']);
    const last = [];
    for await (const entry of container.logs({ tail: 1 })) last.push(entry);
    assert.equal(last.length, 1);
  });

  it('reaches the network through the bridge with an address of its own', async () => {
    const script = 'ip -4 addr show eth0; ip route; cat /etc/hosts';
    const container = await sh(script, { network: 'bridge', hostname: 'inside' });
    const attachment = await container.start({ attach: {} });
    const out = await readAll(attachment.stdout);
    const ip = /inet (\d+\.\d+\.\d+\.\d+)\//.exec(out)?.[1];
    assert.ok(ip !== undefined, out);
    assert.match(out, /default via/);
    assert.ok(out.includes(`${ip}\tinside`), out);
    await attachment.exited;
  });
});

describe('bad input to create', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const cases: [string, object, string][] = [
    ['an image that is not there', { image: 'nothing' }, 'E_NO_SUCH_IMAGE'],
    ['no image', { image: '' }, 'E_INVALID'],
    ['a name with a slash', { image: 'busybox', name: 'a/b' }, 'E_INVALID'],
    ['a name of one letter', { image: 'busybox', name: 'a' }, 'E_INVALID'],
    ['a relative working directory', { image: 'busybox', workdir: 'tmp' }, 'E_INVALID'],
    ['a NUL in the command', { image: 'busybox', command: ['a\0b'] }, 'E_INVALID'],
    ['a mount on the root', { image: 'busybox', mounts: ['/tmp:/'] }, 'E_INVALID'],
    ['a relative mount source', { image: 'busybox', mounts: ['./tmp:/x'] }, 'E_INVALID'],
    ['two mounts on one place', { image: 'busybox', mounts: ['/tmp:/x', '/var:/x/'] }, 'E_INVALID'],
    ['an unknown signal', { image: 'busybox', stopSignal: 'SIGFOO' }, 'E_INVALID'],
    ['an unknown network', { image: 'busybox', network: 'lan' }, 'E_NO_SUCH_NETWORK'],
    ['an address outside the subnet', { image: 'busybox', ip: '8.8.8.8' }, 'E_INVALID'],
    ['an address without the bridge', { image: 'busybox', ip: '10.0.0.1', network: 'none' }, 'E_INVALID'],
    ['no command at all', { image: 'empty' }, 'E_INVALID'],
  ];
  for (const [what, options, code] of cases) {
    it(`refuses ${what} and leaves nothing`, async () => {
      await assert.rejects(test.engine.containers.create(options as { image: string }), { code });
      assert.deepEqual(readdirSync(`${test.root}/containers`), []);
      assert.deepEqual(await test.engine.containers.list({ all: true }), []);
    });
  }

  it('refuses a name in use', async () => {
    const first = await test.engine.containers.create({ image: 'busybox', name: 'mine' });
    await assert.rejects(test.engine.containers.create({ image: 'busybox', name: 'mine' }), { code: 'E_NAME_IN_USE' });
    await first.remove();
  });

  it('finds by unique prefix only', async () => {
    const made = await test.engine.containers.createMany(Array.from({ length: 17 }, () => ({ image: 'busybox' })));
    const first = made[0]?.id ?? '';
    assert.equal((await test.engine.containers.get(first.slice(0, 20))).id, first);
    const digits = made.map((container) => container.id.slice(0, 1));
    const shared = digits.find((digit, index) => digits.indexOf(digit) !== index) ?? '';
    await assert.rejects(test.engine.containers.get(shared), { code: 'E_AMBIGUOUS' });
    await assert.rejects(test.engine.containers.get('zzz'), { code: 'E_NO_SUCH_CONTAINER' });
    for (const container of made) await container.remove();
  });
});
