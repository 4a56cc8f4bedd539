// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { rmSync } from 'node:fs';
import type { Container } from '../../lib/containers/container';
import { startsAtBoot } from '../../lib/containers/restart-policy';
import { TestEngine } from '../helpers/engine';
import { fileInContainer, storeOf, supervisorOf, until } from '../helpers/supervision';

describe('after a reboot', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
  });

  const run = (name: string, restart?: string, command = ['sleep', '1000']): Promise<Container> =>
    test.engine.containers.run({ image: 'busybox', name, command, network: 'none', restart });
  const boot = async () => (await test.engine.containers.boot()).map(({ name, error }) => (error === undefined ? name : `${name}: ${error.code}`)).sort();
  const running = async () => (await test.engine.containers.list()).map(({ name }) => name).sort();

  /** The processes go at once, and what is in memory; rows and owners are those of another time. */
  function crash(containers: Container[]): void {
    const { db, layout } = storeOf(test);
    for (const container of containers) process.kill(supervisorOf(test, container), 'SIGKILL');
    db.run("UPDATE containers SET owner = '00000000' || substr(owner, 9) WHERE state = 'running'");
    rmSync(layout.run, { recursive: true, force: true });
  }

  it('what ran is started again by its policy, what has none is not', async () => {
    const containers = [await run('plain'), await run('always', 'always'), await run('unless', 'unless-stopped'), await run('failure', 'on-failure')];
    crash(containers);
    assert.deepEqual(await boot(), ['always', 'failure', 'unless']);
    assert.deepEqual(await running(), ['always', 'failure', 'unless']);
    const { State } = await (containers[0] as Container).inspect();
    assert.deepEqual([State.Status, State.ExitCode], ['exited', 255]);
  });

  it('what the user had stopped: always only, and that once', async () => {
    for (const policy of ['always', 'unless-stopped', 'on-failure']) {
      const container = await run(policy, policy);
      await container.stop({ timeout: 0 });
    }
    crash([]);
    assert.deepEqual(await boot(), ['always']);
    await (await test.engine.containers.get('always')).kill();
    assert.deepEqual(await boot(), []);
  });

  it('a clean end: stopped all at once, each with its own signal, and started again', async () => {
    const trap = ['sh', '-c', 'trap "touch /asked; exit 3" TERM; touch /ready; while :; do sleep 0.05; done'];
    const containers = [await run('one', 'always', trap), await run('two', 'unless-stopped', trap), await run('three', 'on-failure', trap), await run('four', undefined, trap)];
    for (const container of containers) await until(() => container.stat('/ready').catch(() => undefined), (stat) => stat !== undefined);
    const stopped = await test.engine.containers.shutDown();
    assert.deepEqual(stopped.map(({ name, error }) => [name, error]), ['one', 'two', 'three', 'four'].map((name) => [name, undefined]));
    assert.deepEqual(await running(), []);
    for (const container of containers) {
      assert.equal((await container.inspect()).State.ExitCode, 3);
      assert.ok(await container.stat('/asked'));
    }
    assert.deepEqual(await boot(), ['one', 'three', 'two']);
  });

  it('what cannot be started does not keep the others from it', async () => {
    const containers = [await run('broken', 'always'), await run('whole', 'always')];
    crash(containers);
    await test.engine.containers.list();
    rmSync(fileInContainer(test, containers[0] as Container, 'bin'), { recursive: true });
    assert.deepEqual(await boot(), ['broken: E_COMMAND_NOT_FOUND', 'whole']);
  });

  it('starts nothing twice, and again what lost its supervisor', async () => {
    const container = await run('always', 'always');
    assert.deepEqual(await boot(), []);
    process.kill(supervisorOf(test, container), 'SIGKILL');
    await until(boot, ([name]) => name === 'always');
    process.kill(supervisorOf(test, container), 'SIGKILL');
    await until(() => container.inspect(), ({ State }) => State.Status === 'exited');
    const names = await Promise.all([boot(), boot(), boot()]);
    assert.ok(names.flat().every((name) => name === 'always'), names.join());
    assert.deepEqual(await running(), ['always']);
  });

  it('never starts what was never started', async () => {
    await test.engine.containers.create({ image: 'busybox', restart: 'always' });
    assert.deepEqual(await boot(), []);
  });

  it('knows when to give up', () => {
    const failure = (restartCount: number, exitCode = 1) => startsAtBoot({ name: 'on-failure', maximumRetryCount: 2 }, { exitCode, restartCount, stopped: false });
    assert.deepEqual([failure(0), failure(1), failure(2), failure(0, 0)], [true, true, false, false]);
    assert.equal(startsAtBoot({ name: 'no', maximumRetryCount: 0 }, { exitCode: 1, restartCount: 0, stopped: false }), false);
  });
});
