// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../lib/engine';
import { initStore } from '../../lib/init';
import { readEgressFile } from '../../lib/network/egress-file';
import { Registries } from '../../lib/registry/registries';
import { TestEngine } from '../helpers/engine';

/** Neither text, nor a list, nor an object that says what it is. */
const WRONG: [string, unknown][] = [['null', null], ['a number', 7], ['NaN', NaN], ['a bigint', 10n], ['a symbol', Symbol('x')], ['a function', () => 1], ['an object without a prototype', Object.create(null)]];

/** Options of `create` that are none of these. */
const OPTIONS = ['image', 'name', 'command', 'entrypoint', 'workdir', 'user', 'hostname', 'tty', 'mounts', 'tmpfs', 'volumesFrom', 'privileged', 'ip', 'dns', 'publish', 'expose', 'egress', 'autoRemove'];

describe('what is not of its type', function () {
  this.timeout(60_000);
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
  });
  after(() => test.remove());

  async function refused(call: (wrong: never) => Promise<unknown>, by = ''): Promise<void> {
    for (const [what, wrong] of WRONG) await assert.rejects(async () => call(wrong as never), { name: 'DockerliteError', code: 'E_INVALID', message: /^invalid .*: expected [^\n]*, got [^\n]+$/ }, `${by} ${what}`);
  }

  it('is refused in the options of a container, which is not made', async () => {
    const { containers } = test.engine;
    for (const option of OPTIONS) await refused((wrong) => containers.create({ image: 'busybox', command: ['true'], ...{ [option]: wrong } }));
    for (const option of ['image', 'command']) await refused((wrong) => containers.createMany([{ image: 'busybox', command: ['true'] }, { image: 'busybox', command: ['true'], [option]: [wrong] as never }]));
    for (const option of ['mounts', 'network', 'publish']) await assert.rejects(containers.create({ image: 'busybox', command: ['true'], [option]: [null] as never }), { code: 'E_INVALID' });
    assert.deepEqual(await containers.list({ all: true }), []);
  });

  it('is refused where something is looked up', async () => {
    const { containers, images, networks, volumes, addresses } = test.engine;
    const calls = [containers.get, images.get, images.inspect, images.history, images.remove, networks.inspect, networks.remove, volumes.get, volumes.remove, addresses.set];
    const of = [containers, images, images, images, images, networks, networks, volumes, volumes, addresses];
    for (const [i, call] of calls.entries()) await refused((wrong) => (call as (wrong: never) => Promise<unknown>).call(of[i], wrong));
    await refused((wrong) => images.tag('busybox', wrong));
  });

  it('is refused by a container', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
    await refused((wrong) => container.start({ command: wrong }));
    await container.start();
    await refused((wrong) => container.exec(wrong));
    await refused((wrong) => container.exec(['true'], { env: wrong }));
    await refused((wrong) => container.attachExec(wrong));
    await refused((wrong) => container.rename(wrong));
    await refused((wrong) => container.stat(wrong));
    await refused((wrong) => container.top(wrong));
    await refused((wrong) => container.update({ restart: [wrong] as never }));
    for (const [what, signal] of WRONG) await assert.rejects(container.wait({ signal: signal as never }), { code: 'E_INVALID' }, what);
    await container.remove({ force: true });
  });

  it('is refused in the options of volumes and networks, and none is made', async () => {
    const { networks, volumes } = test.engine;
    for (const option of ['name', 'labels', 'options']) {
      const isObject = (wrong: unknown) => option !== 'name' && typeof wrong === 'object' && wrong !== null;
      await refused((wrong) => volumes.create({ [option]: isObject(wrong) ? 7 : wrong }));
      await refused((wrong) => networks.create({ name: 'n', [option]: isObject(wrong) ? 7 : wrong }));
    }
    await refused((wrong) => volumes.list({ dangling: wrong }));
    assert.deepEqual(await volumes.list(), []);
    assert.equal((await networks.list()).length, 3);
  });

  it('is refused by images, and by registries before they are asked', async () => {
    const { images } = test.engine;
    const end = { path: '/dev/null' };
    const calls: Record<string, (wrong: never) => Promise<unknown>> = {
      'import of': (wrong) => images.import(wrong),
      'import as': (wrong) => images.import(end, { reference: wrong }),
      'import with': (wrong) => images.import(end, { changes: wrong }),
      bootstrap: (wrong) => images.bootstrap(wrong).result,
      'bootstrap with': (wrong) => images.bootstrap('busybox', { include: wrong }).result,
      pull: (wrong) => images.pull(wrong).result,
      'pull with': (wrong) => images.pull('x', { platform: wrong }).result,
      'pull until': (wrong) => images.pull('x', { signal: wrong }).result,
      'pull all': (wrong) => images.pullAllTags(wrong).result,
      'push from': (wrong) => images.push('busybox', { registries: { mirrors: { x: wrong } } }).result,
      'save of': (wrong) => images.save(wrong, end),
      'save to': (wrong) => images.save(['busybox'], { path: wrong }),
      load: (wrong) => images.load(wrong).result,
      'load of': (wrong) => images.load({ path: wrong }).result,
      send: (wrong) => images.send('busybox', wrong).result,
      'send with': (wrong) => images.send('busybox', end, { have: wrong }).result,
      receive: (wrong) => images.receive(wrong).result,
      'remove with': (wrong) => images.remove('busybox', { force: wrong }),
      'prune with': (wrong) => images.prune({ filters: { label: wrong } }),
    };
    await using registries = new Registries({ dockerConfig: test.loop.directory });
    const remote: typeof calls = {
      login: (wrong) => registries.login(wrong, { username: 'x', password: 'x' }),
      'login as': (wrong) => registries.login('localhost:1', { username: wrong, password: 'x' }),
      logout: (wrong) => registries.logout(wrong),
      credentials: (wrong) => registries.credentials(wrong),
      search: (wrong) => registries.search(wrong),
      'search with': (wrong) => registries.search('x', { host: wrong }),
      catalog: (wrong) => registries.catalog(wrong).next(),
      tags: (wrong) => registries.tags(wrong).next(),
      'tags until': (wrong) => registries.tags('localhost:1/x', wrong).next(),
      manifest: (wrong) => registries.manifest(wrong),
      'manifest of': (wrong) => registries.manifest({ host: 'localhost:1', path: wrong }),
      config: (wrong) => registries.config('localhost:1/x', wrong),
      referrers: (wrong) => registries.referrers('localhost:1/x', wrong),
      registries: async (wrong) => new Registries({ insecure: wrong }),
    };
    for (const [what, call] of Object.entries({ ...calls, ...remote })) await refused(call, what);
  });

  it('is refused by what opens and makes stores, by what watches them, and for a file of targets', async () => {
    const root = join(test.loop.directory, 'none');
    const calls: ((wrong: never) => Promise<unknown>)[] = [
      (wrong) => Engine.open({ root: wrong }),
      (wrong) => Engine.open({ pool: typeof wrong === 'number' && !Number.isNaN(wrong) ? ('7' as never) : wrong }),
      (wrong) => initStore({ root: wrong }),
      (wrong) => initStore({ root, device: wrong }),
      (wrong) => test.engine.events({ filters: { type: wrong } }).next(),
      (wrong) => test.engine.check({ signal: wrong }).next(),
      async (wrong) => readEgressFile(wrong),
    ];
    for (const call of calls) await refused(call, String(call));
    for (const whole of [Engine.open, initStore]) await assert.rejects(whole(null as never), { code: 'E_INVALID' });
    assert.ok(!existsSync(root));
  });

  it('is refused in filters', async () => {
    const { containers, images, networks } = test.engine;
    for (const list of [containers.list.bind(containers), images.list.bind(images), networks.list.bind(networks)]) {
      await refused((wrong) => (list as (options: object) => Promise<unknown>)({ filters: { label: wrong } }));
    }
  });
});
