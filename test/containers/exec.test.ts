// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Container } from '../../lib/containers/container';
import { Engine } from '../../lib/engine';
import { cli, DOCKERLITE } from '../helpers/command-line';
import { readAll, TestEngine } from '../helpers/engine';

const MEBI = 1024 ** 2;

describe('exec', () => {
  let test: TestEngine;
  let container: Container;

  before(async () => {
    test = await TestEngine.create();
    container = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '86400'], network: 'none' });
  });

  after(() => test?.remove());

  it('takes a gibibyte through stdin and stdout unharmed, however slowly it is read', async () => {
    const { stdin, stdout, exited } = await container.exec(['cat'], { attach: { stdin: true } });
    const block = randomBytes(MEBI);
    const [sent, received] = await Promise.all([pour(stdin!, block, 1024), drink(stdout!)]);
    assert.deepEqual(received, sent);
    assert.equal(await exited, 0);
  });

  it('lets stdin end while output goes on', async () => {
    const process = await container.exec(['sh', '-c', 'cat >/dev/null; echo after the end; exit 3'], { attach: { stdin: true } });
    process.stdin!.end('some input');
    assert.equal(await readAll(process.stdout), 'after the end\n');
    assert.equal(await process.exited, 3);
  });

  it('ends its streams when its process does, not when what that left behind does', async () => {
    const process = await container.exec(['sh', '-c', 'sleep 1000 & echo $! >/tmp/left; echo started; exit 4']);
    assert.equal(await readAll(process.stdout), 'started\n');
    assert.equal(await process.exited, 4);
    await (await container.exec(['sh', '-c', 'kill $(cat /tmp/left)'])).exited;
  });

  it('holds up a process whose output nobody reads, and gives all of it in the end', async () => {
    const process = await container.exec(['sh', '-c', 'head -c 10000000 /dev/zero; echo done >&2']);
    const errors = readAll(process.stderr);
    const size = (await drink(process.stdout!)).bytes;
    assert.equal(size, 10_000_000);
    assert.equal(await errors, 'done\n');
  });

  it('runs fifty at once, each with its own code', async () => {
    const codes = await Promise.all(Array.from({ length: 50 }, async (_, i) => (await container.exec(['sh', '-c', `exit ${i}`])).exited));
    assert.deepEqual(codes, [...codes.keys()]);
  });

  it('in the background is found and attached to by another process, with its streams and its exit code', async () => {
    const started = await container.exec(['sh', '-c', 'read line; echo "got $line"; echo bad >&2; exit 7'], { detach: true, openStdin: true });
    started.detach();
    await using other = await Engine.open({ root: test.root });
    const again = await other.containers.get(container.id);
    assert.deepEqual(await again.execs(), [started.id]);
    const attached = await again.attachExec(started.id, { stdin: true });
    const errors = readAll(attached.stderr);
    attached.stdin!.end('a line\n');
    assert.equal(await readAll(attached.stdout), 'got a line\n');
    assert.equal(await errors, 'bad\n');
    assert.equal(await attached.exited, 7);
  });

  it('outlives the client that started it', async () => {
    const script = 'echo on; while [ ! -e /tmp/go ]; do sleep 0.1; done; touch /tmp/went';
    const client = spawn(DOCKERLITE, ['exec', container.id, 'sh', '-c', script], { env: { ...process.env, DOCKERLITE_ROOT: test.root }, stdio: ['ignore', 'pipe', 'ignore'] });
    await once(client.stdout, 'data');
    client.kill('SIGKILL');
    await once(client, 'exit');
    const [id] = await container.execs();
    const attached = await container.attachExec(id as string);
    await (await container.exec(['touch', '/tmp/go'])).exited;
    assert.equal(await attached.exited, 0);
    assert.equal(await (await container.exec(['test', '-e', '/tmp/went'])).exited, 0);
  });

  it('on the command line: -d prints an id on request, attach --exec follows it', async () => {
    const options = { root: test.root };
    const started = await cli(['exec', '-di', '--print-id', container.id, 'sh', '-c', 'cat; exit 6'], options);
    assert.match(started.stdout, /^[0-9a-f]{64}\n$/);
    const attached = await cli(['attach', '--exec', started.stdout.trim(), container.id], { ...options, input: 'typed\n' });
    assert.deepEqual(attached, { status: 6, stdout: 'typed\n', stderr: '' });
    const gone = await cli(['attach', '--exec', started.stdout.trim(), container.id], options);
    assert.deepEqual([gone.status, gone.stderr], [1, `dockerlite: No such exec instance: ${started.stdout.trim()}\n`]);
    assert.equal((await cli(['exec', '-d', container.id, 'true'], options)).stdout, '');
  });

  it('refuses to attach to what does not run, and to run in what does not', async () => {
    await assert.rejects(container.attachExec('nosuch'), { code: 'E_NOT_RUNNING', message: /No such exec instance: nosuch/ });
    const ended = await container.exec(['true']);
    await ended.exited;
    await assert.rejects(container.attachExec(ended.id), { code: 'E_NOT_RUNNING' });
    await assert.rejects(container.exec(['']), { code: 'E_COMMAND_NOT_FOUND' });
    await assert.rejects(container.exec(['true'], { workdir: '/etc/passwd' }), { code: 'E_START_FAILED' });
    await assert.rejects(container.exec(['true'], { workdir: '/not/there' }), { code: 'E_START_FAILED', message: /No such file or directory/ });
    assert.equal(await (await container.exec(['test', '-e', '/not'])).exited, 1, 'nothing is made');
    await assert.rejects(container.exec(['true'], { user: 'nobody-of-that-name' }), /nobody-of-that-name/);
    await container.pause();
    await assert.rejects(container.exec(['true']), { code: 'E_CONFLICT', message: /is paused/ });
    await assert.rejects(container.pause(), { code: 'E_CONFLICT', message: /is already paused/ });
    await container.unpause();
    const created = await test.engine.containers.create({ image: 'busybox' });
    await assert.rejects(created.exec(['true']), { code: 'E_NOT_RUNNING' });
    await assert.rejects(created.execs(), { code: 'E_NOT_RUNNING' });
  });
});

interface Amount {
  bytes: number;
  sha256: string;
}

/** Writes a block so many times, as fast as it is taken. */
async function pour(stream: Writable, block: Buffer, times: number): Promise<Amount> {
  const hash = createHash('sha256');
  for (let i = 0; i < times; i++) {
    block.writeUInt32LE(i);
    const copy = Buffer.from(block);
    hash.update(copy);
    if (!stream.write(copy)) await once(stream, 'drain');
  }
  stream.end();
  return { bytes: block.length * times, sha256: hash.digest('hex') };
}

/** Reads to the end, with pauses. */
async function drink(stream: Readable): Promise<Amount> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { bytes, sha256: hash.digest('hex') };
}
