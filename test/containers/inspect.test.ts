// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TestEngine } from '../helpers/engine';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const NEVER = '0001-01-01T00:00:00Z';

describe('inspect', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  it('follows a container through its life', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', name: 'life', command: ['sh', '-c', 'read x; exit 4'], openStdin: true, network: 'none' });
    const created = await container.inspect();
    assert.equal(created.Id, container.id);
    assert.equal(created.Name, '/life');
    assert.match(created.Created, RFC3339);
    assert.deepEqual([created.Path, created.Args], ['sh', ['-c', 'read x; exit 4']]);
    assert.match(created.Image, /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual([created.Driver, created.Platform], ['btrfs', 'linux']);
    const { State } = created;
    assert.deepEqual([State.Status, State.Running, State.Pid, State.StartedAt, State.FinishedAt], ['created', false, 0, NEVER, NEVER]);

    const attachment = await container.start({ attach: { stdin: true } });
    const running = (await container.inspect()).State;
    assert.deepEqual([running.Status, running.Running, running.Paused, running.FinishedAt], ['running', true, false, NEVER]);
    assert.ok(running.Pid > 1);
    assert.match(running.StartedAt, RFC3339);
    await container.pause();
    const paused = (await container.inspect()).State;
    assert.deepEqual([paused.Status, paused.Running, paused.Paused], ['paused', true, true]);
    await container.unpause();

    attachment.stdin?.end('\n');
    await attachment.exited;
    const exited = (await container.inspect()).State;
    assert.deepEqual([exited.Status, exited.Running, exited.Pid, exited.ExitCode, exited.OOMKilled, exited.Error], ['exited', false, 0, 4, false, '']);
    assert.ok(Date.parse(exited.FinishedAt) >= Date.parse(exited.StartedAt));
  });

  it('shows what was asked for', async () => {
    const source = join(test.loop.directory, 'bound');
    mkdirSync(source);
    const container = await test.engine.containers.create({
      image: 'busybox',
      command: ['env'],
      entrypoint: ['/bin/busybox'],
      env: { A: '1', EMPTY: '' },
      workdir: '/tmp',
      user: 'nobody',
      hostname: 'box',
      tty: true,
      labels: { 'a.b/c': 'x=y', __proto__x: '' },
      annotations: { 'org.example/kept': 'as it is' },
      stopSignal: 'INT',
      stopTimeout: 3,
      network: 'none',
      mounts: [`${source}:/mnt:ro`],
      tmpfs: ['/run:size=1m'],
      readonlyRootfs: true,
      privileged: true,
      init: true,
      autoRemove: true,
    });
    const { Config, HostConfig, Mounts } = await container.inspect();
    assert.deepEqual([Config.Hostname, Config.User, Config.WorkingDir, Config.Tty, Config.OpenStdin], ['box', 'nobody', '/tmp', true, false]);
    assert.deepEqual([Config.Cmd, Config.Entrypoint, Config.Image], [['env'], ['/bin/busybox'], 'busybox']);
    assert.deepEqual(Config.Env, ['A=1', 'EMPTY='], 'what every container has is nobody\'s configuration');
    assert.deepEqual([Config.StopSignal, Config.StopTimeout], ['SIGINT', 3]);
    assert.deepEqual(Config.Labels, { 'a.b/c': 'x=y', __proto__x: '' });
    assert.deepEqual(HostConfig.Annotations, { 'org.example/kept': 'as it is' });
    assert.deepEqual(HostConfig.Binds, [`${source}:/mnt:ro`]);
    assert.deepEqual(HostConfig.Tmpfs, { '/run': 'size=1m' });
    assert.deepEqual([HostConfig.NetworkMode, HostConfig.ReadonlyRootfs, HostConfig.Privileged, HostConfig.Init, HostConfig.AutoRemove], ['none', true, true, true, true]);
    assert.deepEqual(Mounts.map(({ Type, Source, Destination, RW }) => [Type, Source, Destination, RW]), [
      ['bind', source, '/mnt', false],
      ['tmpfs', '', '/run', true],
    ]);
    assert.doesNotThrow(() => JSON.stringify({ Config, HostConfig, Mounts }));
  });

  it('shows the network while it runs', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'] });
    assert.equal((await container.inspect()).NetworkSettings.IPAddress, '');
    await container.start();
    const { NetworkSettings } = await container.inspect();
    assert.match(NetworkSettings.IPAddress, /^\d+\.\d+\.\d+\.\d+$/);
    assert.match(NetworkSettings.MacAddress, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    assert.equal(NetworkSettings.Networks['bridge']?.IPAddress, NetworkSettings.IPAddress);
    const address = await container.exec(['ip', '-4', 'addr', 'show', 'eth0']);
    let text = '';
    for await (const chunk of address.stdout ?? []) text += String(chunk);
    assert.ok(text.includes(`inet ${NetworkSettings.IPAddress}/${NetworkSettings.IPPrefixLen} `), text);
    await container.remove({ force: true });
  });

  it('tells why a start failed', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['/no/such'], network: 'none' });
    await assert.rejects(container.start());
    const { State } = await container.inspect();
    assert.deepEqual([State.Status, State.ExitCode], ['created', 127]);
    assert.match(State.Error, /\/no\/such/);
  });

  it('describes an image', async () => {
    const image = await test.engine.images.get('busybox');
    await test.engine.images.tag('busybox', 'busybox:second');
    const info = await test.engine.images.inspect('busybox');
    assert.equal(info.Id, `sha256:${image.id}`);
    assert.deepEqual(info.RepoTags, ['busybox:latest', 'busybox:second']);
    assert.deepEqual(info.Config.Cmd, ['sh']);
    assert.deepEqual([info.Os, info.Parent, info.GraphDriver.Name], ['linux', '', 'btrfs']);
    assert.match(info.Created, RFC3339);
    assert.ok(info.Size > 500_000);
    assert.equal(info.RootFS.Layers.length, 1);
    await assert.rejects(test.engine.images.inspect('nosuch'), { code: 'E_NO_SUCH_IMAGE' });
    await assert.rejects(test.engine.images.inspect(''), { name: 'DockerliteError' });
  });

  it('tells about the engine', async () => {
    const info = await test.engine.info();
    assert.equal(info.root, test.root);
    assert.equal(info.containers, info.running + info.paused + info.stopped);
    assert.equal(info.images, (await test.engine.images.list()).length);
    assert.match(info.subnet, /^\d+\.\d+\.\d+\.\d+\/\d+$/);
    assert.match(info.liblxc, /^\d+\.\d+/);
    assert.ok(info.space.total > info.space.free && info.memory > 0 && info.cpus > 0);
  });
});
