// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { randomInt } from 'node:crypto';
import { SupervisorConnection } from '../../lib/binding/supervisor';
import type { Container } from '../../lib/containers/container';
import { pastEvents } from '../../lib/events/past';
import { storeOf, TestEngine } from '../helpers/engine';
import { freezerOf, isFrozen, setFrozen } from '../helpers/freezer';
import { containerRow } from '../helpers/supervision';
import { runVictim } from './victim';

/** Calls outwards after which a process is killed, at most: those of some eight verbs. */
const CALLS = 40;

describe('a container that several processes pause and unpause', function () {
  this.timeout(60_000);
  let test: TestEngine;
  let container: Container;
  let freezer: string;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    container = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
    freezer = freezerOf(containerRow(test, container).pid);
  });
  after(() => test.remove());

  const isPaused = async () => (await container.inspect()).State.Paused;
  const told = () => pastEvents(storeOf(test.engine)).map(({ Action }) => Action).filter((action) => /^(un)?pause$/.test(action));

  /** Pauses and unpauses it until it is killed. */
  async function killed(n: number): Promise<void> {
    const ignore = "(error) => error.code === 'E_CONFLICT' || main.exit(1)";
    const calls = await runVictim(test, container, n, `for (;;) for (const verb of ['pause', 'unpause']) await container[verb]().catch(${ignore});`);
    assert.equal(calls, 0);
  }

  /** What they asked for before they were killed has been done by then. */
  async function supervisorAnswers(): Promise<void> {
    const connection = SupervisorConnection.connect(storeOf(test.engine).layout.controlSocket(container.id));
    await connection.status();
    connection.close();
  }

  it('is what it says, wherever they are killed, and the next command goes on from there', async () => {
    for (let round = 0; round < 3; round++) {
      const calls = [randomInt(1, CALLS), randomInt(1, CALLS)];
      await Promise.all(calls.map(killed));
      await supervisorAnswers();
      const paused = await isPaused();
      assert.equal(paused, isFrozen(freezer), `killed at ${calls.join(' and ')}`);
      assert.deepEqual(told(), told().map((_, i) => (i % 2 === 0 ? 'pause' : 'unpause')));
      assert.equal(told().length % 2 === 1, paused);
      await (paused ? container.unpause() : container.pause());
      assert.equal(isFrozen(freezer), !paused);
    }
  });

  it('can be mended where somebody else has frozen or thawed it', async () => {
    if (await isPaused()) await container.unpause();
    setFrozen(freezer, true);
    await container.unpause();
    assert.equal(isFrozen(freezer), false);
    await container.pause();
    setFrozen(freezer, false);
    await container.unpause();
    await assert.rejects(container.unpause(), { code: 'E_CONFLICT', message: /is not paused/ });
    assert.equal(await isPaused(), false);
    assert.equal(await (await container.exec(['true'], { attach: { stdout: false, stderr: false } })).exited, 0);
  });
});
