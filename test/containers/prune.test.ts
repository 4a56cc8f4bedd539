// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { setImmediate } from 'node:timers/promises';
import { pastEvents } from '../../lib/events/past';
import { Layout } from '../../lib/store/layout';
import { readMarker } from '../../lib/store/store';
import { TestEngine } from '../helpers/engine';

describe('pruning', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const create = (more = {}) => test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none', ...more });
  const names = async () => (await test.engine.containers.list({ all: true })).map(({ name }) => name).sort();

  it('containers: those that do not run, with what they have written', async () => {
    const ended = await create({ command: ['sh', '-c', 'head -c 3000 /dev/zero > /x'] });
    await ended.start();
    await ended.wait();
    const made = await create();
    const [running, paused] = [await create({ name: 'running' }), await create({ name: 'paused' })];
    await running.start();
    await paused.start();
    await paused.pause();
    const { deleted, reclaimed } = await test.engine.containers.prune();
    assert.deepEqual(deleted, [made.id, ended.id]);
    assert.equal(reclaimed, 3000);
    assert.deepEqual(await names(), ['paused', 'running']);
    assert.deepEqual(await test.engine.containers.prune(), { deleted: [], reclaimed: 0 });
    const events = pastEvents({ layout: new Layout(test.root, readMarker(test.root)?.id ?? '') }).filter(({ Action }) => Action === 'prune');
    assert.deepEqual(events.map(({ Type, Actor }) => [Type, Actor.ID, Actor.Attributes]), [['container', '', { reclaimed: '3000' }], ['container', '', { reclaimed: '0' }]]);
    for (const container of [running, paused]) await container.remove({ force: true });
  });

  it('containers by label and age', async () => {
    await create({ name: 'aa', labels: { tier: 'web', keep: '' } });
    await create({ name: 'bb', labels: { tier: 'web' } });
    const before = (await test.engine.containers.list({ all: true, filters: { name: ['^aa$'] } }))[0]?.created ?? 0;
    while (Date.now() <= before) await setImmediate();
    await create({ name: 'cc', labels: { tier: 'db' } });
    assert.deepEqual((await test.engine.containers.prune({ until: before - 1 })).deleted, []);
    assert.equal((await test.engine.containers.prune({ filters: { label: ['tier=web'], 'label!': ['keep'] } })).deleted.length, 1);
    assert.deepEqual(await names(), ['aa', 'cc']);
    assert.equal((await test.engine.containers.prune({ until: before })).deleted.length, 1);
    assert.deepEqual(await names(), ['cc']);
    await test.engine.containers.prune();
  });

  it('containers by many at once: each goes once', async () => {
    await test.engine.containers.createMany(Array.from({ length: 20 }, () => ({ image: 'busybox', network: 'none' as const })));
    const results = await Promise.all(Array.from({ length: 4 }, () => test.engine.containers.prune()));
    assert.equal(new Set(results.flatMap(({ deleted }) => deleted)).size, 20);
    assert.equal(results.flatMap(({ deleted }) => deleted).length, 20);
    assert.deepEqual(await names(), []);
  });

  it('images: without a name, or all that are not used', async () => {
    const container = await create({ name: 'user' });
    const nameless = await container.commit({ changes: ['LABEL stage=1'] });
    const used = await container.commit();
    const holder = await test.engine.containers.create({ image: used.id, network: 'none' });
    const named = await container.commit({ reference: 'one:1' });
    await test.engine.images.tag('one:1', 'two:2');
    assert.deepEqual((await test.engine.images.prune({ filters: { label: ['stage=2'] } })).images, []);
    assert.deepEqual((await test.engine.images.prune({ until: nameless.created - 1 })).images, []);
    const first = await test.engine.images.prune();
    assert.deepEqual(first.images, [{ untagged: [], deleted: nameless.id }]);
    const second = await test.engine.images.prune({ all: true });
    const gone = second.images.find(({ deleted }) => deleted === named.id);
    assert.deepEqual(gone?.untagged, ['one:1', 'two:2']);
    const left = (await test.engine.images.list()).map(({ id }) => id).sort();
    assert.deepEqual(left, [used.id, (await test.engine.images.get('busybox')).id].sort());
    await holder.remove();
    await container.remove();
    const { size } = await test.engine.images.get('busybox');
    const last = await test.engine.images.prune({ all: true });
    assert.equal(last.images.length, 2);
    assert.equal(last.reclaimed, size);
  });
});
