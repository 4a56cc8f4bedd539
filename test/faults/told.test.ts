// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from '../../lib/containers/container';
import { pastEvents } from '../../lib/events/past';
import { vethName } from '../../lib/network/attachment';
import { storeOf, TestEngine } from '../helpers/engine';
import { freezerOf, isFrozen } from '../helpers/freezer';
import { containerRow, fileInContainer, until } from '../helpers/supervision';
import { chosenCalls, NONE, runVictim, TIMEOUT } from './victim';

/** Waits for a mark. */
const SEEN = (directory: string) => `
  const seen = async (mark) => {
    while (!fs.existsSync(${JSON.stringify(directory)} + mark)) await new Promise((resolve) => setTimeout(resolve, 2));
  };`;
/** What the victim does to a container that runs. */
const VERBS = `
  const attachment = await container.attach();
  await attachment.resize(30, 90);
  await seen('winch');
  attachment.detach();
  await engine.networks.connect('second', container.id);
  await engine.networks.disconnect('second', container.id);
  const process = await container.exec(['touch', '/exec']);
  await process.exited;
  await container.pause();
  await container.unpause();
  await container.kill('SIGUSR1');
  await seen('usr1');
  await container.restart({ signal: 'SIGKILL' });
  await container.pause();
  await container.stop({ signal: 'SIGKILL' });
  const again = await container.start({ attach: {} });
  await container.kill();
  await again.exited;`;
const TOLD = [
  ...['attach', 'resize', 'detach', 'connect', 'disconnect', 'exec_create: touch /exec', 'exec_start: touch /exec', 'exec_die', 'pause', 'unpause', 'kill'],
  ...['kill', 'die', 'stop', 'start', 'restart', 'pause', 'kill', 'unpause', 'die', 'stop', 'attach', 'start', 'kill', 'die'],
];
/** It leaves a mark of what is done to it. */
const SCRIPT = 'trap "touch /usr1" USR1; trap "touch /winch" WINCH; touch /up; while :; do usleep 5000; done';
const MARKS = { usr1: 'kill', winch: 'resize', exec: 'exec_start: touch /exec' };

describe('events of what is done to a container, whose client is killed at any call', function () {
  this.timeout(TIMEOUT);
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    await test.engine.networks.create({ name: 'second' });
  });
  after(() => test.remove());

  it('tell what happened, and nothing else', async () => {
    const calls = await faultAt(NONE);
    for (const n of chosenCalls(calls)) await faultAt(n);
  });

  /** Returns how many calls there were, if it was not killed: a few more or less each time. */
  async function faultAt(n: number): Promise<number> {
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', SCRIPT], tty: true });
    await until(async () => existsSync(fileInContainer(test, container, 'up')), Boolean);
    for (const path of [storeOf(test.engine).layout.journal, `${storeOf(test.engine).layout.journal}.1`]) rmSync(path, { force: true });
    const calls = await runVictim(test, container, n, SEEN(fileInContainer(test, container, '')) + VERBS);
    const all = calls > 0;
    let wrong = await look(container, all);
    // A signal is heard, and an end seen, a little later.
    for (let attempt = 0; wrong.length > 0 && attempt < 1000; attempt++) {
      await delay(5);
      wrong = await look(container, all);
    }
    assert.deepEqual(wrong, [], `killed at call ${n}`);
    await container.remove({ force: true });
    return calls;
  }

  /** What is told and was not done, or the other way round. */
  async function look(container: Container, all: boolean): Promise<string[]> {
    await test.engine.containers.list(); // the next command
    const { State, NetworkSettings } = await container.inspect();
    const told = pastEvents(storeOf(test.engine)).filter(({ Actor }) => [Actor.ID, Actor.Attributes['container']].includes(container.id)).map(({ Action }) => Action);
    const wrong: string[] = [];
    const agree = (what: string, is: boolean, expected: boolean) => is !== expected && wrong.push(`${what}: ${is}`);
    const last = (...actions: string[]) => told.filter((action) => actions.includes(action)).at(-1);
    agree('in this order', told.join() === TOLD.slice(0, all ? undefined : told.length).join(), true);
    agree('running', State.Running, last('start', 'die') !== 'die');
    agree('paused', State.Paused, last('pause', 'unpause') === 'pause');
    const connected = last('connect', 'disconnect') === 'connect';
    agree('in the network', 'second' in NetworkSettings.Networks, connected);
    agree('with a link', existsSync(`/sys/class/net/${vethName(container.id, 1)}`), connected);
    if (State.Running) agree('frozen', isFrozen(freezerOf(containerRow(test, container).pid)), State.Paused);
    for (const [mark, action] of Object.entries(MARKS)) agree(mark, existsSync(fileInContainer(test, container, mark)), told.includes(action));
    return wrong.length > 0 ? [...wrong, told.join(' ')] : [];
  }
});
