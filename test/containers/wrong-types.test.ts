// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
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

  async function refused(call: (wrong: never) => Promise<unknown>): Promise<void> {
    for (const [what, wrong] of WRONG) await assert.rejects(async () => call(wrong as never), { name: 'DockerliteError', code: 'E_INVALID', message: /^invalid .*: expected [^\n]*, got [^\n]+$/ }, what);
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

  it('is refused in filters', async () => {
    const { containers, images, networks } = test.engine;
    for (const list of [containers.list.bind(containers), images.list.bind(images), networks.list.bind(networks)]) {
      await refused((wrong) => (list as (options: object) => Promise<unknown>)({ filters: { label: wrong } }));
    }
  });
});
