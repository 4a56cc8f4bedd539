// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import { SupervisorConnection } from '../../lib/binding/supervisor';
import type { Container } from '../../lib/containers/container';
import { Cli } from '../helpers/cli';
import { storeOf, TestEngine } from '../helpers/engine';
import { patience } from '../helpers/patience';
import { supervisorOf } from '../helpers/supervision';

const ABORTED = { code: 'E_ABORTED' };

describe('a supervisor that does not answer', function () {
  this.timeout(patience(60_000));
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
  });
  after(() => test.remove());

  async function silenced(): Promise<{ container: Container; supervisor: number }> {
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
    const supervisor = supervisorOf(test, container);
    process.kill(supervisor, 'SIGSTOP');
    return { container, supervisor };
  }

  it('keeps no container from being stopped, killed or removed', async () => {
    const cli = new Cli(test.root);
    const ends: ((container: Container) => Promise<unknown>)[] = [
      (container) => container.stop({ timeout: 0.1 }),
      ({ id }) => cli.ok('stop', '-t', '1', id),
      (container) => container.kill(),
      (container) => container.remove({ force: true }),
    ];
    const ended = ends.map(async (end) => {
      const { container } = await silenced();
      await end(container);
      return container;
    });
    const [removed, ...stopped] = (await Promise.all(ended)).reverse();
    await assert.rejects((removed as Container).inspect(), { code: 'E_NO_SUCH_CONTAINER' });
    for (const container of stopped) {
      // Nobody knows how it would have ended.
      const { Status, ExitCode } = (await container.inspect()).State;
      assert.deepEqual([Status, ExitCode], ['exited', 255]);
      await container.start();
      await container.remove({ force: true });
    }
  });

  it('is waited for no longer than the signal says: then nothing is killed', async () => {
    const { container, supervisor } = await silenced();
    await assert.rejects(container.stop({ timeout: -1, abortSignal: AbortSignal.timeout(50) }), ABORTED);
    await assert.rejects(container.stop({ timeout: 0, abortSignal: AbortSignal.timeout(200) }), ABORTED);
    process.kill(supervisor, 'SIGCONT');
    // It was told.
    assert.equal((await container.wait()).exitCode, 137);
    await container.remove();
  });

  it('is not killed when it answers late', async () => {
    const { container, supervisor } = await silenced();
    const stopped = container.stop({ timeout: 0 });
    await delay(5500); // it has been waited for once by then
    process.kill(supervisor, 'SIGCONT');
    await stopped;
    assert.equal((await container.inspect()).State.ExitCode, 137);
    await container.remove();
  });

  it('is named when so many wait for it that no more can', async () => {
    const { container, supervisor } = await silenced();
    const waiting: SupervisorConnection[] = [];
    const connect = () => waiting.push(SupervisorConnection.connect(storeOf(test.engine).layout.controlSocket(container.id)));
    assert.throws(() => {
      for (;;) connect();
    }, { errno: 11 });
    await assert.rejects(container.pause(), { code: 'E_SUPERVISOR', message: /does not answer/ });
    await assert.rejects(container.stop({ abortSignal: AbortSignal.timeout(50) }), ABORTED);
    process.kill(supervisor, 'SIGCONT');
    for (const connection of waiting) connection.close();
    await container.remove({ force: true });
  });
});
