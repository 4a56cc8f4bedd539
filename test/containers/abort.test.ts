// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import * as btrfs from '../../lib/binding/btrfs';
import { SupervisorConnection } from '../../lib/binding/supervisor';
import type { Container } from '../../lib/containers/container';
import * as bridge from '../../lib/network/bridge';
import { storeOf, TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';
import { until } from '../helpers/supervision';

const ABORTED = { name: 'DockerliteError', code: 'E_ABORTED' };

describe('an AbortSignal', function () {
  this.timeout(60_000);
  let test: TestEngine;
  let abort: AbortController;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
  });
  beforeEach(() => {
    abort = new AbortController();
  });
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
  });
  after(() => test.remove());

  async function create(script?: string): Promise<Container> {
    return test.engine.containers.create({ image: 'busybox', command: script === undefined ? ['sleep', '1000'] : ['sh', '-c', script], network: 'none' });
  }

  async function started(script?: string): Promise<Container> {
    const container = await create(script);
    await container.start();
    return container;
  }

  const isRunning = async (container: Container) => (await container.inspect()).State.Running;

  const commands = async (container: Container) => (await container.top(['-o', 'pid,args'])).processes.map(([, args]) => args);

  it('ends waiting, again and again, and the container runs on', async () => {
    const container = await started();
    for (let i = 0; i < 2; i++) {
      const end = new AbortController();
      const waiting = container.wait({ signal: end.signal });
      end.abort(new Error('enough'));
      await assert.rejects(waiting, { ...ABORTED, cause: new Error('enough') });
    }
    await assert.rejects(container.wait({ signal: AbortSignal.abort() }), ABORTED);
    assert.ok(await isRunning(container));
    await container.kill();
    assert.equal((await container.wait({ signal: abort.signal })).exitCode, 137);
  });

  it('ends waiting for a stop: the stop signal was sent, SIGKILL is not', async () => {
    const container = await create('trap "echo got" TERM; echo ready; while :; do sleep 0.1; done');
    const { stdout } = await container.start({ attach: {} });
    const words = (stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
    await words.next();
    const stopped = container.stop({ timeout: 0.5, abortSignal: abort.signal });
    assert.equal(String((await words.next()).value), 'got\n');
    abort.abort();
    await assert.rejects(stopped, ABORTED);
    await assert.rejects(container.restart({ timeout: -1, abortSignal: abort.signal }), ABORTED);
    assert.ok(await isRunning(container));
  });

  it('that came before keeps a container from being started or stopped', async () => {
    const container = await create();
    await assert.rejects(container.start({ signal: AbortSignal.abort() }), ABORTED);
    assert.equal((await container.inspect()).State.Status, 'created');
    await container.start({ signal: abort.signal });
    await assert.rejects(container.stop({ abortSignal: AbortSignal.abort() }), ABORTED);
    assert.ok(await isRunning(container));
  });

  it('that comes during a start leaves the container as it was, and it can be started', async () => {
    const container = await create();
    const start = container.start({ signal: abort.signal });
    abort.abort();
    await assert.rejects(start, ABORTED);
    assert.equal((await container.inspect()).State.Status, 'created');
    await container.start();
    assert.ok(await isRunning(container));
  });

  it('that comes when the command has just been executed ends it', async () => {
    const container = await create();
    const { started } = SupervisorConnection.prototype;
    SupervisorConnection.prototype.started = async function () {
      const answer = await started.call(this);
      abort.abort();
      return answer;
    };
    try {
      await assert.rejects(container.start({ signal: abort.signal }), ABORTED);
    } finally {
      SupervisorConnection.prototype.started = started;
    }
    assert.equal((await container.inspect()).State.Status, 'created');
    await container.start();
    assert.deepEqual(await commands(container), ['sleep 1000']);
  });

  it('lets go of a container that is attached to, which runs on', async () => {
    const container = await started('echo ready; read x; sleep 1000');
    const { exited, stdout } = await container.attach({ signal: abort.signal });
    const closed = once(stdout as NodeJS.ReadableStream, 'close');
    abort.abort();
    await assert.rejects(exited, ABORTED);
    await closed;
    assert.ok(await isRunning(container));
    await assert.rejects(container.attach({ signal: abort.signal }), ABORTED);
  });

  it('kills a command, or lets go of it where it is the streams that have the signal', async () => {
    const container = await started();
    const killed = await container.exec(['sleep', '1001'], { signal: abort.signal });
    const left = await container.exec(['sleep', '1002'], { attach: { signal: abort.signal } });
    abort.abort();
    await assert.rejects(killed.exited, ABORTED);
    await assert.rejects(left.exited, ABORTED);
    await until(() => container.execs(), (ids) => !ids.includes(killed.id));
    assert.deepEqual(await container.execs(), [left.id]);
    await assert.rejects(container.attachExec(left.id, { signal: abort.signal }), ABORTED);
    const again = await container.attachExec(left.id);
    await again.signal(9);
    assert.equal(await again.exited, 137);
  });

  it('leaves nothing of a command that is just being executed', async () => {
    const container = await started();
    await assert.rejects(container.exec(['sleep', '1003'], { signal: AbortSignal.abort() }), ABORTED);
    const exec = container.exec(['sleep', '1004'], { signal: abort.signal });
    abort.abort();
    await assert.rejects(exec, ABORTED);
    await until(() => container.execs(), (ids) => ids.length === 0);
    assert.deepEqual(await commands(container), ['sleep 1000']);
  });

  it('ends the iteration over a log, followed or not', async () => {
    const container = await started('echo one; echo two; sleep 1000');
    const seen: string[] = [];
    for await (const { log } of container.logs({ follow: true, signal: abort.signal })) {
      seen.push(log);
      abort.abort();
    }
    for await (const { log } of container.logs({ signal: abort.signal })) seen.push(log);
    assert.deepEqual(seen, ['one\n']);
  });

  it('ends an export whose reader takes nothing', async () => {
    const container = await create();
    const deaf = new Writable({ write: () => abort.abort() });
    await assert.rejects(container.export(deaf, { signal: abort.signal }), ABORTED);
  });

  it('keeps from pruning what is left then', async () => {
    const container = await create();
    await assert.rejects(test.engine.containers.prune({ signal: AbortSignal.abort() }), ABORTED);
    await assert.rejects(test.engine.images.prune({ all: true, signal: AbortSignal.abort() }), ABORTED);
    await test.engine.volumes.create({ name: 'kept' });
    await assert.rejects(test.engine.volumes.prune({ all: true, signal: AbortSignal.abort() }), ABORTED);
    await test.engine.volumes.remove('kept');
    assert.equal((await container.inspect()).State.Status, 'created');
    await test.engine.images.get('busybox');
  });

  /** What of these is called meanwhile; each call is told when it is at work. */
  async function watching(module: object, names: string[], called: (name: string) => void, work: () => Promise<void>): Promise<string[]> {
    const functions = module as Record<string, (...args: unknown[]) => unknown>;
    const real = new Map(names.map((name) => [name, functions[name]!]));
    const calls: string[] = [];
    for (const [name, original] of real) {
      functions[name] = function (...args) {
        const result = original.apply(this, args);
        calls.push(name);
        called(name);
        return result;
      };
    }
    try {
      await work();
    } finally {
      for (const [name, original] of real) functions[name] = original;
    }
    return calls;
  }

  /** Aborts while the call with this name is at work. */
  async function inTheMiddleOf(module: object, name: string, call: () => Promise<unknown>): Promise<void> {
    const calls = await watching(module, [name], () => abort.abort(), () => assert.rejects(call(), ABORTED));
    assert.ok(calls.length > 0);
  }

  /** What has been aborted before is not begun. */
  async function isNotBegun(call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const calls = await watching(btrfs, ['snapshotCreate', 'snapshotBatch'], () => undefined, () => assert.rejects(call(AbortSignal.abort()), ABORTED));
    assert.deepEqual(calls, []);
  }

  async function leavesNothing(): Promise<void> {
    const store = storeOf(test.engine);
    await until(async () => readdirSync(store.layout.tmp), (names) => names.length === 0);
    assert.deepEqual(await findings(test.engine), []);
  }

  const all = async <T>(iterable: AsyncIterable<T>): Promise<T[]> => {
    const found: T[] = [];
    for await (const each of iterable) found.push(each);
    return found;
  };

  it('ends a comparison of a container with its image, of which nothing stays', async () => {
    const container = await create();
    writeFileSync(join(storeOf(test.engine).layout.containerRootfs(container.id), 'new'), '');
    await isNotBegun((signal) => all(container.diff({ signal })));
    for (const step of ['snapshotCreate', 'sendDiff']) {
      await inTheMiddleOf(btrfs, step, () => all(container.diff({ signal: abort.signal })));
      await leavesNothing();
      abort = new AbortController();
    }
    const paths = (await all(container.diff({ signal: abort.signal }))).map(({ path }) => path);
    assert.ok(paths.includes('/new'), paths.join());
  });

  it('takes back a commit', async () => {
    const container = await create();
    const before = await test.engine.images.list();
    await isNotBegun((signal) => container.commit({ reference: 'half', signal }));
    for (const step of ['snapshotCreate', 'missingMountPoints']) {
      await inTheMiddleOf(btrfs, step, () => container.commit({ reference: 'half', signal: abort.signal }));
      await leavesNothing();
      abort = new AbortController();
    }
    assert.deepEqual(await test.engine.images.list(), before);
    await container.commit({ reference: 'half', signal: abort.signal });
    await test.engine.images.remove('half');
  });

  it('takes back many containers that are being made at once', async () => {
    const list = Array.from({ length: 20 }, (_, i) => ({ image: 'busybox', name: `many${i}`, network: 'none' as const }));
    await isNotBegun((signal) => test.engine.containers.createMany(list, { signal }));
    await inTheMiddleOf(btrfs, 'snapshotBatch', () => test.engine.containers.createMany(list, { signal: abort.signal }));
    await leavesNothing();
    assert.deepEqual(await test.engine.containers.list({ all: true }), []);
    assert.equal((await test.engine.containers.createMany(list, { signal: new AbortController().signal })).length, 20);
  });

  it('ends finding out what takes space', async () => {
    await create();
    await test.engine.volumes.create({ name: 'measured' });
    await isNotBegun((signal) => test.engine.diskUsage({ signal }));
    const looks = await watching(btrfs, ['snapshotCreate'], () => abort.abort(), async () => {
      await assert.rejects(test.engine.diskUsage({ signal: abort.signal }), ABORTED);
      await leavesNothing();
    });
    assert.equal(looks.length, 1, 'the volume is not looked at any more');
    const { containers, volumes } = await test.engine.diskUsage({ signal: new AbortController().signal });
    assert.deepEqual([containers.length, volumes.map(({ size }) => size)], [1, [0]]);
    await test.engine.volumes.remove('measured');
  });

  it('leaves networks that are not pruned yet', async () => {
    const names = ['n1', 'n2', 'n3'];
    for (const name of names) await test.engine.networks.create({ name });
    const left = async () => (await test.engine.networks.list()).map(({ name }) => name).filter((name) => names.includes(name));
    await assert.rejects(test.engine.networks.prune({ signal: AbortSignal.abort() }), ABORTED);
    assert.deepEqual(await left(), names);
    await inTheMiddleOf(bridge, 'removeBridge', () => test.engine.networks.prune({ signal: abort.signal }));
    assert.equal((await left()).length, 2);
    assert.equal((await test.engine.networks.prune({ signal: new AbortController().signal })).length, 2);
  });

  for (const [what, call] of [
    ['the end of a container that is killed', (container: Container) => container.kill('SIGKILL', { abortSignal: abort.signal })],
    ['the end of a container that is to be removed, which stays', (container: Container) => container.remove({ force: true, signal: abort.signal })],
  ] as const) {
    it(`ends waiting for ${what}`, async () => {
      const container = await started();
      const asked = (called: (name: string) => void, work: () => Promise<void>) => watching(SupervisorConnection.prototype, ['stopSignal', 'ended'], called, work);
      const before = await asked(() => undefined, async () => {
        await assert.rejects(container.kill('SIGKILL', { abortSignal: AbortSignal.abort() }), ABORTED);
        await assert.rejects(container.remove({ force: true, signal: AbortSignal.abort() }), ABORTED);
      });
      assert.deepEqual(before, []);
      const { Pid } = (await container.inspect()).State;
      const supervisor = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${Pid}/status`, 'latin1'))![1]);
      // It does not answer before that.
      process.kill(supervisor, 'SIGSTOP');
      const onAsked = () => {
        abort.abort();
        setImmediate(() => process.kill(supervisor, 'SIGCONT'));
      };
      assert.deepEqual(await asked(onAsked, () => assert.rejects(call(container), ABORTED)), ['stopSignal']);
      // It was told.
      assert.equal((await container.wait()).exitCode, 137);
      abort = new AbortController();
      await container.start();
      await inTheMiddleOf(SupervisorConnection.prototype, 'ended', () => call(container));
      assert.equal((await container.wait()).exitCode, 137);
      await assert.rejects(container.remove({ signal: AbortSignal.abort() }), ABORTED);
      await container.remove({ signal: new AbortController().signal });
    });
  }

  it('ends a check', async () => {
    await assert.rejects(test.engine.check({ signal: AbortSignal.abort() }).next(), ABORTED);
  });
});
