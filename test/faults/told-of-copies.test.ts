// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '../../lib/containers/container';
import { Engine } from '../../lib/engine';
import { pastEvents } from '../../lib/events/past';
import { storeOf, TestEngine } from '../helpers/engine';
import { FakeRegistry } from '../helpers/fake-registry';
import { buildTar } from '../helpers/hostile-archive';
import { IMPATIENT } from '../helpers/registry-client';
import { fileInContainer } from '../helpers/supervision';
import { chosenCalls, NONE, runVictim, TIMEOUT } from './victim';

/** In the order in which the victim does it. */
const TOLD = ['extract-to-dir', 'archive-path', 'export', 'send', 'push', 'save', 'container prune', 'volume prune', 'network prune', 'image prune'];
/** Of each kind, to be pruned. */
const SEVERAL = 2;
const BYTES = 100_000;

describe('events of what is copied, sent and pruned, whose client is killed at any call', function () {
  this.timeout(TIMEOUT);
  let test: TestEngine;
  let registry: FakeRegistry;
  let container: Container;
  let name: string;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    registry = await FakeRegistry.start();
    name = `${registry.host}/ours:1`;
    container = await test.engine.containers.create({ image: 'busybox', network: 'none', labels: { stays: '' } });
    await container.commit({ reference: name });
    writeFileSync(join(test.loop.directory, 'in.tar'), buildTar([{ name: 'copied', content: 'x' }]));
  });
  after(async () => {
    await registry.stop();
    await test.remove();
  });

  const path = (file: string) => join(test.loop.directory, file);
  const hasBytes = (file: string) => existsSync(path(file)) && statSync(path(file)).size > 0;

  async function makeThingsToPrune(): Promise<void> {
    for (let i = 0; i < SEVERAL; i++) {
      const made = await test.engine.containers.create({ image: 'busybox', network: 'none' });
      writeFileSync(fileInContainer(test, made, 'written'), Buffer.alloc(BYTES, 'x'));
      const image = await made.commit();
      assert.notEqual(image.id, '');
      const volume = await test.engine.volumes.create();
      writeFileSync(join(volume.mountpoint, 'written'), Buffer.alloc(BYTES, 'x'));
      await test.engine.networks.create({ name: `net${i}` });
    }
  }

  async function countThings(): Promise<Record<string, number>> {
    const { engine } = test;
    const [containers, volumes, networks, images] = await Promise.all([engine.containers.list({ all: true }), engine.volumes.list(), engine.networks.list(), engine.images.list()]);
    return {
      'container prune': containers.length - 1,
      'volume prune': volumes.length,
      'network prune': networks.filter((network) => network.name.startsWith('net')).length,
      'image prune': images.filter(({ tags }) => tags.length === 0).length,
    };
  }

  const script = () => `
    const path = (file) => ${JSON.stringify(`${test.loop.directory}/`)} + file;
    await container.copyIn({ path: path('in.tar') }, '/');
    const out = fs.openSync(path('out'), 'w');
    await container.copyOut('/etc/passwd', { fd: out });
    await container.export({ path: path('export') });
    await container.send({ path: path('send') }).result;
    const registries = ${JSON.stringify({ dockerConfig: test.loop.directory, certificates: [], patience: IMPATIENT })};
    await engine.images.push(${JSON.stringify(name)}, { registries }).result;
    await engine.images.save([${JSON.stringify(name)}], { path: path('save') });
    await engine.containers.prune({ filters: { 'label!': ['stays'] } });
    await engine.volumes.prune();
    await engine.networks.prune();
    await engine.images.prune();`;

  async function faultAt(n: number): Promise<number> {
    await makeThingsToPrune();
    for (const file of ['out', 'export', 'send', 'save']) rmSync(path(file), { force: true });
    rmSync(fileInContainer(test, container, 'copied'), { force: true });
    registry.manifests.clear();
    const { journal } = storeOf(test.engine).layout;
    for (const file of [journal, `${journal}.1`]) rmSync(file, { force: true });
    const calls = await runVictim(test, container, n, script());
    await (await Engine.open({ root: test.root, pool: 0 })).close(); // the next command
    await check(`killed at call ${n}`, calls > 0);
    await test.engine.containers.prune({ filters: { 'label!': ['stays'] } });
    await Promise.all([test.engine.volumes.prune(), test.engine.networks.prune(), test.engine.images.prune()]);
    return calls;
  }

  async function check(at: string, all: boolean): Promise<void> {
    const left = await countThings();
    const events = pastEvents(storeOf(test.engine)).map((event) => ({ ...event, what: event.Action === 'prune' ? `${event.Type} prune` : event.Action }));
    const told = events.map(({ what }) => what).filter((what) => TOLD.includes(what));
    assert.deepEqual(told, TOLD.slice(0, all ? undefined : told.length), at);
    const done = {
      'extract-to-dir': existsSync(fileInContainer(test, container, 'copied')),
      'archive-path': hasBytes('out'),
      ...{ export: hasBytes('export'), send: hasBytes('send'), save: hasBytes('save') },
      push: registry.manifests.size > 0,
    };
    for (const [what, isDone] of Object.entries(done)) if (isDone) assert.ok(told.includes(what), `${what} is not told, ${at}`);
    for (const [what, count] of Object.entries(left)) {
      const pruned = events.find((event) => event.what === what);
      const gone = SEVERAL - count;
      if (pruned === undefined) assert.equal(gone, 0, `${what} is not told, ${at}`);
      else if (['container prune', 'volume prune'].includes(what)) assert.equal(Math.round(Number(pruned.Actor.Attributes['reclaimed']) / BYTES), gone, `${what}, ${at}`);
    }
  }

  it('tell whatever was', async () => {
    for (const n of chosenCalls(await faultAt(NONE))) await faultAt(n);
  });
});
