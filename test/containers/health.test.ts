// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { rmSync, writeFileSync } from 'node:fs';
import type { Container } from '../../lib/containers/container';
import type { HealthOptions, HealthState } from '../../lib/containers/healthcheck';
import type { ContainerOptions } from '../../lib/containers/spec';
import { pastEvents } from '../../lib/events/past';
import { TestEngine } from '../helpers/engine';
import { fileInContainer, storeOf, until } from '../helpers/supervision';

describe('health checks', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const run = (healthcheck: HealthOptions | false | undefined, more: Partial<ContainerOptions> = {}): Promise<Container> =>
    test.engine.containers.run({ image: 'busybox', command: ['sleep', '1000'], network: 'none', healthcheck, ...more });
  const health = async (container: Container) => (await container.inspect()).State.Health as HealthState;
  const becomes = (container: Container, wanted: (health: HealthState) => boolean) => until(() => health(container), wanted);
  const last = ({ Log }: HealthState) => Log.at(-1) as HealthState['Log'][number];
  const probes = (container: Container) => becomes(container, ({ Log }) => Log.length > 0);

  it('is starting, then healthy, then unhealthy, and healthy again', async () => {
    const container = await test.engine.containers.create({
      image: 'busybox', command: ['sleep', '1000'], network: 'none',
      healthcheck: { test: 'cat /well && test -e /well', interval: 20, retries: 2 },
    });
    const well = fileInContainer(test, container, 'well');
    writeFileSync(well, 'fine\n');
    await container.start();
    const healthy = await becomes(container, ({ Status }) => Status === 'healthy');
    const { ExitCode, Output, Start, End } = last(healthy);
    assert.deepEqual([healthy.FailingStreak, ExitCode, Output], [0, 0, 'fine\n']);
    assert.ok(Date.parse(Start) > 0 && Date.parse(End) >= Date.parse(Start));
    rmSync(well);
    const unhealthy = await becomes(container, ({ Status }) => Status === 'unhealthy');
    assert.ok(unhealthy.FailingStreak >= 2);
    assert.match(last(unhealthy).Output, /No such file/);
    assert.ok((await becomes(container, ({ Log }) => Log.length === 5)).Log.length === 5);
    writeFileSync(well, 'fine again\n');
    assert.equal((await becomes(container, ({ Status }) => Status === 'healthy')).FailingStreak, 0);
    await container.kill();
    const events = pastEvents(storeOf(test)).filter(({ Actor, Action }) => Actor.ID === container.id && Action.startsWith('health_status'));
    assert.deepEqual(events.map(({ Action }) => Action), ['health_status: healthy', 'health_status: unhealthy', 'health_status: healthy']);
    const ended = await health(container);
    assert.deepEqual([ended.Status, ended.Log.length], ['unhealthy', 5]);
  });

  it('says nothing of a container without one', async () => {
    for (const healthcheck of [undefined, false] as const) {
      const container = await run(healthcheck);
      assert.equal('Health' in (await container.inspect()).State, false);
      assert.equal((await test.engine.containers.list({ filters: { id: [container.id] } }))[0]?.health, 'none');
      await container.kill();
    }
  });

  it('starts as `starting`, before the first probe', async () => {
    const container = await run({ test: ['true'] });
    assert.deepEqual(await health(container), { Status: 'starting', FailingStreak: 0, Log: [] });
    await container.kill();
  });

  it('runs a program without a shell, as the user and in the directory of the container', async () => {
    const container = await run({ test: ['sh', '-c', 'id -u; pwd; echo $COLOUR; echo err >&2'], interval: 20 }, { user: 'daemon', workdir: '/tmp', env: ['COLOUR=red'] });
    assert.equal(last(await probes(container)).Output, '1\n/tmp\nred\nerr\n');
    await container.kill();
  });

  it('keeps the first 4096 bytes of its output', async () => {
    const container = await run({ test: 'head -c 1000000 /dev/zero | tr "\\0" x', interval: 20 });
    assert.equal(last(await probes(container)).Output, `${'x'.repeat(4096)}...`);
    await container.kill();
  });

  it('kills a probe that takes too long, with what it started', async () => {
    const container = await run({ test: 'echo slow; sleep 1001 & sleep 1002', interval: 20, timeout: 200, retries: 1 });
    const state = await becomes(container, ({ Status }) => Status === 'unhealthy');
    assert.deepEqual([last(state).ExitCode, last(state).Output], [-1, 'Health check exceeded timeout (200ms): slow\n']);
    await becomes(container, ({ Log }) => Log.length === 5);
    // What a sixth may just be running, and no more.
    await until(() => container.top(), (list) => JSON.stringify(list).split('sleep,1001').length + JSON.stringify(list).split('sleep 1001').length <= 3);
    await container.kill();
  });

  it('a command that is not there fails', async () => {
    const container = await run({ test: ['/no/such/probe'], interval: 20, retries: 1 });
    const state = await becomes(container, ({ Status }) => Status === 'unhealthy');
    assert.equal(last(state).ExitCode, -1);
    assert.match(last(state).Output, /no\/such\/probe/);
    await container.kill();
  });

  it('failures in the start period do not count', async () => {
    const container = await run({ test: 'exit 1', interval: 20, startInterval: 20, startPeriod: 3_600_000, retries: 1 });
    const state = await becomes(container, ({ Log }) => Log.length === 5);
    assert.deepEqual([state.Status, state.FailingStreak], ['starting', 0]);
    await container.kill();
  });

  it('a paused container is not probed', async () => {
    const container = await run({ test: 'echo x >> /count', interval: 20 });
    await probes(container);
    await container.pause();
    const { Log } = await health(container);
    const [before, after] = [last({ Log } as HealthState).End, async () => last(await health(container)).End];
    // Time enough for many probes: a whole other container.
    await (await test.engine.containers.run({ image: 'busybox', command: ['sleep', '0.3'], network: 'none' })).wait();
    assert.equal(await after(), before);
    await container.unpause();
    await until(after, (end) => end !== before);
    await container.kill();
  });

  it('goes on after a restart by its policy', async () => {
    const container = await run({ test: 'true', interval: 20 }, { command: ['sh', '-c', 'test -e /again && exec sleep 1000; sleep 0.3; touch /again; exit 1'], restart: 'on-failure' });
    await until(() => container.inspect(), ({ RestartCount, State }) => RestartCount === 1 && State.Health?.Status === 'healthy' && State.Status === 'running');
    await container.kill();
  });

  it('is a filter of the list', async () => {
    const container = await run({ test: 'true', interval: 20 });
    await becomes(container, ({ Status }) => Status === 'healthy');
    const ids = async (value: string) => (await test.engine.containers.list({ filters: { health: [value] } })).map(({ id }) => id);
    assert.deepEqual(await ids('healthy'), [container.id]);
    assert.deepEqual(await ids('unhealthy'), []);
    assert.ok(!(await ids('none')).includes(container.id));
    await container.kill();
  });

  it("is the image's where nothing else is said", async () => {
    const base = await test.engine.containers.create({ image: 'busybox', healthcheck: { test: ['true'], interval: 20, retries: 7 } });
    await base.commit({ reference: 'checked' });
    const inherited = await run(undefined, { image: 'checked' });
    assert.deepEqual((await inherited.inspect()).Config.Healthcheck, { Test: ['CMD', 'true'], Interval: 20e6, Retries: 7 });
    await becomes(inherited, ({ Status }) => Status === 'healthy');
    const merged = await run({ timeout: 1500 }, { image: 'checked' });
    assert.deepEqual((await merged.inspect()).Config.Healthcheck, { Test: ['CMD', 'true'], Interval: 20e6, Timeout: 1500e6, Retries: 7 });
    const none = await run(false, { image: 'checked' });
    assert.deepEqual([(await none.inspect()).Config.Healthcheck, (await none.inspect()).State.Health], [{ Test: ['NONE'] }, undefined]);
    for (const container of [inherited, merged, none]) await container.kill();
  });

  it('comes with an instruction too', async () => {
    const base = await test.engine.containers.create({ image: 'busybox' });
    const config = async (change: string) => (await base.commit({ changes: [change] })).oci.config.Healthcheck;
    assert.deepEqual(await config('HEALTHCHECK --interval=1m30s --timeout=2s --start-period=3s --start-interval=4s --retries=5 CMD test -e /well'), {
      Test: ['CMD-SHELL', 'test -e /well'], Interval: 90e9, Timeout: 2e9, StartPeriod: 3e9, StartInterval: 4e9, Retries: 5,
    });
    assert.deepEqual(await config('HEALTHCHECK CMD ["test", "-e", "/well"]'), { Test: ['CMD', 'test', '-e', '/well'] });
    assert.deepEqual(await config('HEALTHCHECK NONE'), { Test: ['NONE'] });
    for (const bad of ['HEALTHCHECK', 'HEALTHCHECK CMD', 'HEALTHCHECK RUN x', 'HEALTHCHECK NONE x', 'HEALTHCHECK --interval=x CMD true', 'HEALTHCHECK --retries=-1 CMD true', 'HEALTHCHECK --interval=1ns CMD true', 'HEALTHCHECK --often CMD true']) {
      await assert.rejects(config(bad), { code: 'E_INVALID' }, bad);
    }
  });

  it('refuses impossible values', async () => {
    for (const [healthcheck, message] of [
      [{ test: 'true', interval: 0.5 }, 'Interval in Healthcheck cannot be less than 1ms'],
      [{ test: 'true', timeout: -1 }, 'Timeout in Healthcheck cannot be less than 1ms'],
      [{ test: 'true', startPeriod: -5 }, 'StartPeriod in Healthcheck cannot be less than 1ms'],
      [{ test: 'true', startInterval: 0.1 }, 'StartInterval in Healthcheck cannot be less than 1ms'],
      [{ test: 'true', retries: -1 }, 'Retries in Healthcheck cannot be negative'],
      [{ test: 'true', retries: 1.5 }, /retries/],
      [{ test: 'true', interval: NaN }, /Interval/],
      [{ test: ['a\0b'] }, /NUL/],
    ] as const) {
      await assert.rejects(test.engine.containers.create({ image: 'busybox', healthcheck: healthcheck as HealthOptions }), { code: 'E_INVALID', message });
    }
  });
});
