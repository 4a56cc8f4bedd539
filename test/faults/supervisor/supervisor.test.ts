// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { randomInt } from 'node:crypto';
import { rmdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerOptions } from '../../../lib/containers/spec';
import { Engine } from '../../../lib/engine';
import { storeOf, TestEngine } from '../../helpers/engine';
import { patience } from '../../helpers/patience';
import { faultIn } from './fault-run';
import { Interposer, type Strike } from './interposer';
import { NETWORKS, type Scenario, SCENARIOS } from './scenarios';

/** Every so many calls one fails, from the first given to the last; otherwise a few at random. */
const EVERY = Number(process.env['DOCKERLITE_FAULTS_EVERY'] ?? 0);
const FROM = Number(process.env['DOCKERLITE_FAULTS_FROM'] ?? 1);
const TO = Number(process.env['DOCKERLITE_FAULTS_TO'] ?? Infinity);
const ONLY = process.env['DOCKERLITE_FAULTS_ONLY'] ?? '';
const SAMPLES = 3;
/** More than there ever are. */
const NONE = 2 ** 32 - 1;
/** A few more than there are before its first check. */
const READS_OF_A_START = 16;

describe('calls of the supervisor and of liblxc that fail', () => {
  let test: TestEngine;
  let interposer: Interposer;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    for (const name of NETWORKS) await test.engine.networks.create({ name });
    interposer = new Interposer(test.loop.directory);
  });
  after(async () => {
    interposer.remove();
    await test.remove();
  });

  for (const scenario of SCENARIOS.filter(({ name }) => name.includes(ONLY))) {
    it(`${scenario.name}: a clear error or none, no hang, nothing left behind`, async function () {
      this.timeout(EVERY > 0 ? 0 : patience(600_000));
      const { count, wrong: without } = await faultIn(test, interposer, scenario, NONE);
      assert.deepEqual(without, []);
      const faults: string[] = [];
      for (const n of chosen(count)) {
        const { fired, wrong } = await faultIn(test, interposer, scenario, n);
        faults.push(...wrong.map((line) => `${n} of ${count} (${fired}): ${line}`));
        if (EVERY > 0 && wrong.length > 0) console.log(`      ${n} of ${count} (${fired}): ${wrong.join('; ')}`);
      }
      if (EVERY > 0) console.log(`      ${count} calls, ${chosen(count).length} made to fail`);
      assert.deepEqual(faults, []);
    });
  }

  /** Whatever a supervisor sends, or receives, while it is started and until it has ended. */
  async function eachMessage(scenario: Scenario | undefined, strike: Strike, only = 'sendmsg'): Promise<void> {
    assert.ok(scenario !== undefined);
    for (let n = 1; ; n++) {
      const { fired, wrong } = await faultIn(test, interposer, scenario, n, { ...strike, only });
      assert.deepEqual(wrong, [], `${only} ${n}`);
      if (fired === undefined) break;
    }
  }

  // The last thing it says to liblxc's child before that would notice its death by itself is one of them.
  it('a supervisor killed where it speaks to what it has cloned takes that with it', () => eachMessage(SCENARIOS[0], { kills: true }));

  it('a start whose beginning it does not hear of is ended', () => eachMessage(SCENARIOS.at(-1), { failsAfter: 40 }, 'recvmsg'));

  it('a start of which only the word is lost leaves nothing that runs', () => eachMessage(SCENARIOS.at(-1), {}));

  for (const [what, name, only] of [
    ['an init that it could not end is not started', 'a start with a network and a port', 'syscall 434'], // pidfd_open(2)
    ['what it cannot tell the namespaces of is not executed outside of them', 'an exec', 'readlink'],
  ] as const) {
    it(what, async function () {
      this.timeout(patience(300_000));
      const scenario = SCENARIOS.find((each) => each.name === name);
      assert.ok(scenario !== undefined);
      for (const n of [1, 2]) {
        const { fired, wrong } = await faultIn(test, interposer, scenario, n, { only });
        assert.deepEqual([fired, wrong], [only, []], `${only} ${n}`);
      }
    });
  }

  it('a health check needs no timer that the kernel could refuse', async function () {
    this.timeout(patience(120_000));
    const scenario = SCENARIOS.find(({ name }) => name === 'a health check');
    assert.ok(scenario !== undefined);
    for (const only of ['timerfd_create', 'timerfd_settime']) {
      assert.equal((await faultIn(test, interposer, scenario, 1, { only })).fired, undefined);
    }
  });

  it('a container is checked although what confines it could not be read when it started', async function () {
    this.timeout(patience(300_000));
    const scenario = SCENARIOS.find(({ name }) => name === 'a health check');
    assert.ok(scenario !== undefined);
    for (let n = 1; n <= READS_OF_A_START; n++) {
      const { wrong } = await faultIn(test, interposer, scenario, n, { only: 'read' });
      assert.deepEqual(wrong, [], `read ${n}`);
    }
  });

  it('one that cannot read when it began is known all the same', async function () {
    this.timeout(patience(120_000));
    for (let n = 1, fired: string | undefined = ''; fired !== undefined; n++) {
      await using client = await Engine.open({ root: test.root, pool: 0 });
      const container = await client.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
      ({ fired } = await interposer.around(async () => {
        interposer.arm(n, { only: 'open64' });
        const started = await container.start().then(() => true, () => false);
        assert.equal((await container.inspect()).State.Running, started, `open64 ${n}`);
        return interposer.disarm();
      }));
      await container.remove({ force: true });
    }
  });

  it('a run directory that the supervisor of the last run removes late is made again', async function () {
    this.timeout(patience(120_000));
    let removed = 0;
    for (let n = 1, fired: string | undefined = ''; fired !== undefined; n++) {
      await using client = await Engine.open({ root: test.root, pool: 0 });
      const container = await client.containers.create({ image: 'busybox', command: ['true'], network: 'none' });
      const directory = storeOf(test.engine).layout.runDir(container.id);
      ({ fired } = await interposer.around(async () => {
        interposer.arm(n, { delays: 40, only: 'socket' });
        const started = container.start().then(() => true);
        // As that does: once, unless there is something in it.
        for (let gone = false; !gone && !(await Promise.race([started, delay(1)])); ) {
          gone = removesEmpty(directory);
          if (gone) removed++;
        }
        await started;
        await container.wait();
        return interposer.disarm();
      }));
      await container.remove();
    }
    assert.ok(removed > 0);
  });

  it('a command that has begun and ended between two looks at it has done both', async function () {
    this.timeout(patience(120_000));
    const options: ContainerOptions = { image: 'busybox', command: ['true'], network: 'none' };
    for (let n = 1, fired: string | undefined = ''; fired !== undefined; n++) {
      await using client = await Engine.open({ root: test.root, pool: 0 });
      const container = await client.containers.create(options);
      ({ fired } = await interposer.around(async () => {
        interposer.arm(n, { delays: 40, only: 'recvmsg' });
        await container.start();
        const { exitCode } = await container.wait();
        assert.equal(exitCode, 0, `recvmsg ${n}`);
        return interposer.disarm();
      }));
      await container.remove({ force: true });
    }
  });
});

function removesEmpty(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

function chosen(count: number): number[] {
  if (EVERY === 0) return Array.from({ length: SAMPLES }, () => randomInt(1, count + 1));
  return Array.from({ length: Math.max(0, Math.ceil((Math.min(count, TO) - FROM + 1) / EVERY)) }, (_, i) => FROM + i * EVERY);
}
