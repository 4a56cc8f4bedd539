// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Container } from '../../lib/containers/container';
import type { ContainerInfo } from '../../lib/containers/inspect';
import type { ContainerOptions } from '../../lib/containers/spec';
import { pastEvents } from '../../lib/events/past';
import { readAll, TestEngine } from '../helpers/engine';
import { containerRow, fileInContainer, storeOf, supervisorOf, until } from '../helpers/supervision';

describe('restart policies', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const run = (script: string, restart: string | undefined, more: Partial<ContainerOptions> = {}): Promise<Container> =>
    test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', script], network: 'none', restart, ...more });
  const becomes = (container: Container, wanted: (info: ContainerInfo) => boolean) => until(() => container.inspect(), wanted);
  const status = (container: Container, wanted: string) => becomes(container, ({ State }) => State.Status === wanted);

  /** Counts its runs in a file and fails until it has run so often. */
  const failing = (times: number) => `echo run; n=$(cat /runs 2>/dev/null || echo 0); n=$((n+1)); echo $n > /runs; test $n -gt ${times} && exit 0; exit 3`;

  it('on-failure: until it succeeds', async () => {
    const container = await run(failing(2), 'on-failure');
    const { State, RestartCount, HostConfig } = await status(container, 'exited');
    assert.deepEqual([State.ExitCode, RestartCount], [0, 2]);
    assert.deepEqual(HostConfig.RestartPolicy, { Name: 'on-failure', MaximumRetryCount: 0 });
    let text = '';
    for await (const { log } of container.logs()) text += log;
    assert.equal(text, 'run\nrun\nrun\n');
  });

  it('on-failure:N: N times more at most', async () => {
    const container = await run(failing(10), 'on-failure:2');
    const { State, RestartCount } = await status(container, 'exited');
    assert.deepEqual([State.ExitCode, RestartCount], [3, 2]);
    assert.equal(readFileSync(fileInContainer(test, container, 'runs'), 'utf8'), '3\n');
  });

  it('on-failure: not after a success, no: never', async () => {
    for (const policy of ['on-failure', 'no', undefined]) {
      const container = await run('exit 0', policy);
      assert.equal((await container.wait()).exitCode, 0);
      const { State, RestartCount } = await container.inspect();
      assert.deepEqual([State.Status, RestartCount], ['exited', 0]);
    }
  });

  it('always: after a success too, under the same supervisor, its address kept', async () => {
    const container = await run('test -e /again && exec sleep 1000; touch /again; exit 0', 'always', { network: 'bridge' });
    const before = containerRow(test, container);
    const ip = (await container.inspect()).NetworkSettings.IPAddress;
    const { State, NetworkSettings } = await becomes(container, ({ RestartCount, State: { Status } }) => RestartCount === 1 && Status === 'running');
    assert.ok(State.Pid > 0 && State.Pid !== before.pid);
    assert.equal(NetworkSettings.IPAddress, ip);
    assert.ok(ip !== '');
    assert.equal(containerRow(test, container).owner, before.owner);
    assert.equal(await (await container.exec(['true'])).exited, 0);
    await container.stop({ timeout: 0 });
    const after = await container.inspect();
    assert.deepEqual([after.State.Status, after.State.ExitCode, after.RestartCount], ['exited', 137, 1]);
  });

  it('says `restarting` between two runs, and lets nobody in', async () => {
    const container = await run('exit 4', 'always');
    const { State } = await status(container, 'restarting');
    assert.deepEqual([State.Running, State.Restarting, State.ExitCode, State.Pid], [true, true, 4, 0]);
    // The waits grow: from the fifth on there is time to look.
    await becomes(container, ({ RestartCount, State: { Status } }) => RestartCount >= 5 && Status === 'restarting');
    const refused = { code: 'E_CONFLICT', message: `Container ${container.id} is restarting, wait until the container is running` };
    await assert.rejects(container.exec(['true']), refused);
    await assert.rejects(container.top(), refused);
    await assert.rejects(container.pause(), refused);
    await assert.rejects(container.attach(), { message: 'You cannot attach to a restarting container, wait until it is running' });
    await assert.rejects(container.start(), { code: 'E_CONFLICT' });
    await assert.rejects(container.remove(), /You cannot remove a restarting container/);
    const [listed] = await test.engine.containers.list({ filters: { status: ['restarting'] } });
    assert.equal(listed?.id, container.id);
    await container.stop();
    assert.equal((await container.inspect()).State.ExitCode, 4);
    await container.remove();
  });

  for (const [what, end] of [
    ['kill', (container: Container) => container.kill()],
    ['kill with its stop signal', (container: Container) => container.kill('TERM')],
    ['remove with force', (container: Container) => container.remove({ force: true })],
  ] as const) {
    it(`${what} ends the wait for the next run`, async () => {
      const container = await run('exit 4', 'always');
      await becomes(container, ({ RestartCount, State }) => RestartCount >= 5 && State.Status === 'restarting');
      await end(container);
      if (what.startsWith('remove')) return;
      assert.equal((await status(container, 'exited')).State.ExitCode, 4);
    });
  }

  it('leaves alone what the user stopped or killed', async () => {
    for (const end of [(one: Container) => one.stop({ timeout: 0 }), (one: Container) => one.kill()]) {
      const container = await run('exec sleep 1000', 'always');
      await end(container);
      assert.equal((await container.inspect()).State.Status, 'exited');
      assert.equal(containerRow(test, container).stopped, 1);
      await container.start();
      assert.equal(containerRow(test, container).stopped, 0);
      assert.equal((await container.inspect()).RestartCount, 0);
      await container.remove({ force: true });
    }
  });

  it('starts again what another signal ended', async () => {
    const container = await run('test -e /again && exec sleep 1000; touch /again; trap "exit 9" USR1; echo ready; while :; do sleep 1 & wait; done', 'always');
    for await (const { log } of container.logs({ follow: true })) if (log === 'ready\n') break;
    await container.kill('SIGUSR1');
    await becomes(container, ({ RestartCount, State }) => RestartCount === 1 && State.Status === 'running');
    await container.kill();
  });

  it('wait and attach end with the run they saw', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', 'echo out; exit 5'], network: 'none', restart: 'always' });
    const attachment = await container.start({ attach: {} });
    const waiting = container.wait();
    assert.equal(await readAll(attachment.stdout), 'out\n');
    assert.equal((await attachment.exited).exitCode, 5);
    assert.equal((await waiting).exitCode, 5);
    assert.equal((await container.wait()).exitCode, 5);
    await container.remove({ force: true });
  });

  it('tells of every start and every end', async () => {
    const container = await run(failing(2), 'on-failure');
    await status(container, 'exited');
    const store = storeOf(test);
    const actions = pastEvents(store).filter(({ Actor }) => Actor.ID === container.id).map(({ Action }) => Action);
    assert.deepEqual(actions, ['create', 'start', 'die', 'start', 'die', 'start', 'die']);
  });

  it('ends as failed when it cannot be started again', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['/bin/program'], network: 'none', restart: 'always' });
    const program = fileInContainer(test, container, 'bin/program');
    writeFileSync(program, '#!/bin/sh\nrm /bin/program\n', { mode: 0o755 });
    await container.start();
    const { State } = await status(container, 'exited');
    assert.equal(State.ExitCode, 127);
    assert.match(State.Error, /program/);
  });

  it('never starts again what could not be started in the first place', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['/no/such'], network: 'none', restart: 'always' });
    await assert.rejects(container.start(), { code: 'E_COMMAND_NOT_FOUND' });
    assert.equal((await container.inspect()).State.Status, 'created');
  });

  it('keeps no descriptor of a run that is over', async () => {
    const container = await run('exit 1', 'on-failure');
    const count = () => readdirSync(`/proc/${supervisorOf(test, container)}/fd`).length;
    const awaiting = async (runs: number) => {
      await becomes(container, ({ RestartCount, State }) => RestartCount === runs && State.Status === 'restarting');
      await container.update({ restart: 'on-failure' }); // answered when liblxc has cleaned up
    };
    await awaiting(3);
    const before = count(); // perhaps with the connection of the update
    await awaiting(5);
    await until(async () => count(), (now) => now <= before);
    await container.remove({ force: true });
  });

  it('a supervisor that is killed: the exit is unknown, never a success', async () => {
    const container = await run('test -e /again && exec sleep 1000; touch /again', 'always');
    await becomes(container, ({ RestartCount, State }) => RestartCount === 1 && State.Status === 'running');
    process.kill(supervisorOf(test, container), 'SIGKILL');
    assert.equal((await status(container, 'exited')).State.ExitCode, 255);
    assert.equal(existsSync(storeOf(test).layout.runDir(container.id)), false);
  });

  describe('update', () => {
    it('gives a running container a policy, and takes it away', async () => {
      const container = await run('test -e /again && exec sleep 1000; touch /again; exec sleep 1000', undefined);
      await container.update({ restart: 'always' });
      process.kill((await container.inspect()).State.Pid, 'SIGKILL');
      await becomes(container, ({ RestartCount, State }) => RestartCount === 1 && State.Status === 'running');
      await container.update({ restart: 'no' });
      const { State, HostConfig } = await container.inspect();
      assert.deepEqual(HostConfig.RestartPolicy, { Name: 'no', MaximumRetryCount: 0 });
      process.kill(State.Pid, 'SIGKILL');
      assert.equal((await status(container, 'exited')).State.ExitCode, 137);
    });

    it('gives one that does not run a policy for its next start', async () => {
      const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', failing(1)], network: 'none' });
      await container.update({ restart: { name: 'on-failure', maximumRetryCount: 4 } });
      await container.start();
      assert.equal((await status(container, 'exited')).RestartCount, 1);
    });

    it('refuses one that is removed when it ends', async () => {
      const container = await run('exec sleep 1000', undefined, { autoRemove: true });
      await assert.rejects(container.update({ restart: 'always' }), /Restart policy cannot be updated because AutoRemove is enabled for the container/);
      await container.remove({ force: true });
    });
  });

  it('survives being paused', async () => {
    const container = await run('test -e /again && exec sleep 1000; touch /again', 'always');
    await becomes(container, ({ RestartCount, State }) => RestartCount === 1 && State.Status === 'running');
    await container.pause();
    assert.equal((await container.inspect()).State.Status, 'paused');
    await container.unpause();
    assert.equal((await container.inspect()).State.Status, 'running');
    await container.kill();
  });

  it('refuses what is no policy', async () => {
    for (const [restart, message] of [
      ['sometimes', "invalid restart policy: unknown policy 'sometimes'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"],
      ['always:3', "invalid restart policy: maximum retry count can only be used with 'on-failure'"],
      ['always:-3', "invalid restart policy: maximum retry count can only be used with 'on-failure' and cannot be negative"],
      ['on-failure:-1', 'invalid restart policy: maximum retry count cannot be negative'],
      ['on-failure:x', 'invalid restart policy format: maximum retry count must be an integer'],
      ['on-failure:99999999999', 'invalid restart policy format: maximum retry count must be an integer'],
      [':3', 'invalid restart policy format: no policy provided before colon'],
    ] as const) {
      await assert.rejects(test.engine.containers.create({ image: 'busybox', restart }), { code: 'E_INVALID', message });
    }
    await assert.rejects(test.engine.containers.create({ image: 'busybox', restart: 'always', autoRemove: true }), { message: "can't create 'AutoRemove' container with restart policy" });
  });
});
