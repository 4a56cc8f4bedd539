// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendLine } from '../../lib/binding/journal';
import { Engine } from '../../lib/engine';
import { eventLine } from '../../lib/events/journal';
import { postEvent, tellPosted } from '../../lib/events/outbox';
import { pastEvents } from '../../lib/events/past';
import type { Store } from '../../lib/store/store';
import { currentOwner } from '../../lib/util/owner';
import { settleVolumes } from '../../lib/volumes/settle';
import { storeOf, TestEngine } from '../helpers/engine';

/** What the victim changes, one after the other; what is told of it, by transaction. */
const CHANGES = `
  await engine.images.tag('busybox', 'victim:1');
  await engine.images.remove('victim:1');
  await engine.volumes.create({ name: 'victim' });
  await engine.volumes.remove('victim');
  await engine.networks.create({ name: 'victim' });
  await engine.networks.remove('victim');
  const container = await engine.containers.create({ image: 'busybox', name: 'victim', command: ['true'], network: 'none', mounts: ['/x'] });
  await container.rename('renamed');
  await container.update({ restart: 'always' });
  await container.commit({ reference: 'victim:2' });
  await engine.images.remove('victim:2');
  await container.remove({ volumes: true });`;
const TOLD = [
  ['image tag'],
  ['image untag'],
  ['volume create'],
  ['volume destroy'],
  ['network create'],
  ['network destroy'],
  ['volume create', 'container create'],
  ['container rename'],
  ['container update'],
  ['image tag', 'container commit'],
  ['image untag', 'image delete'], // once that has begun, the next process ends it
  ['container destroy'],
  ['volume destroy'],
];

describe('events of what a transaction changes', function () {
  this.timeout(120_000);
  let test: TestEngine;
  let store: Store;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    store = storeOf(test.engine);
  });
  beforeEach(() => {
    store.db.run('DELETE FROM outbox');
    for (const path of [store.layout.journal, `${store.layout.journal}.1`]) rmSync(path, { force: true });
  });
  after(() => test.remove());

  const told = () => pastEvents(store).map(({ Type, Action }) => `${Type} ${Action}`);
  const rows = () => store.db.all<{ owner: string }>('SELECT owner FROM outbox').map(({ owner }) => owner);
  const post = (id: string) => postEvent(store, 'volume', 'create', id);
  const ids = () => pastEvents(store).map(({ Actor }) => Actor.ID);
  const abandon = (id: string, owner = `${currentOwner()}0`) => {
    const line = eventLine('volume', 'create', id, {});
    store.db.run('INSERT INTO outbox (owner, line) VALUES (?, ?)', owner, line);
    return line;
  };

  for (const moment of ['before', 'after'] as const) {
    it(`are told once, in their order, when the process is killed ${moment} it tells one`, async () => {
      const count = TOLD.flat().length;
      for (let n = 1; n <= count + 1; n++) {
        const signal = await killAt(n, moment);
        const since = await sinceTheBeginning();
        assert.deepEqual(since, atLeast(n), `killed at event ${n}`);
        await sinceTheBeginning();
        assert.deepEqual(told(), since);
        assert.deepEqual(rows().filter((owner) => owner !== currentOwner()), []);
        assert.equal(signal, n <= count ? 'SIGKILL' : null);
        await clearUp();
      }
    });
  }

  it('are told when the outermost transaction is committed, and only then', () => {
    store.db.transaction(() => {
      post('a');
      store.db.transaction(() => post('b'));
      assert.deepEqual(ids(), []);
    });
    assert.deepEqual(ids(), ['a', 'b']);
    assert.throws(() =>
      store.db.transaction(() => {
        post('c');
        throw new Error('no');
      }),
    );
    store.db.transaction(() => undefined);
    assert.deepEqual(ids(), ['a', 'b']);
  });

  it('leave nothing behind: their rows go with the next change, and the last with the engine', async () => {
    const engine = await Engine.open({ root: test.root, pool: 0 });
    for (const name of ['one', 'two', 'three']) await engine.volumes.create({ name });
    assert.equal(rows().length, 1);
    await engine.close({ exiting: true });
    assert.deepEqual(rows(), []);
    await engine.close();
    await test.engine.volumes.prune({ all: true });
  });

  it('of many that are created at once are gone when they are there: every other process would read them', async () => {
    const created = await test.engine.containers.createMany(Array.from({ length: 20 }, () => ({ image: 'busybox', network: 'none' as const })));
    assert.deepEqual(rows(), []);
    assert.equal(ids().length, created.length);
    for (const container of created) await container.remove();
  });

  it('of a process that lives are its own to tell', () => {
    abandon('a', currentOwner());
    tellPosted(store);
    assert.deepEqual(ids(), []);
  });

  it('of an earlier boot are forgotten, as all that was told then', () => {
    abandon('a', '00000000:1:1');
    tellPosted(store);
    assert.deepEqual([ids(), rows()], [[], []]);
  });

  it('stand on a line of their own after one that was cut', () => {
    const line = abandon('a');
    appendLine(store.layout.journal, 'x');
    writeFileSync(store.layout.journal, line.slice(0, 30));
    tellPosted(store);
    assert.deepEqual([ids(), rows()], [['a'], []]);
  });

  it('are not told again when the journal does not reach back to them', () => {
    abandon('a');
    appendLine(store.layout.journal, eventLine('volume', 'create', 'b', {}), { size: 1 });
    appendLine(store.layout.journal, eventLine('volume', 'create', 'c', {}));
    tellPosted(store);
    assert.deepEqual([ids(), rows()], [['b', 'c'], []]);
  });

  it('are told by who looks, in an engine that has long been open', async () => {
    for (const look of [() => test.engine.containers.list(), () => test.engine.events({ until: 0n }).next()]) {
      abandon('late');
      await look();
      assert.deepEqual(ids(), ['late']);
      rmSync(store.layout.journal);
    }
  });

  /** The first n events, with all that belongs to the last of them. */
  function atLeast(n: number): string[] {
    const events: string[] = [];
    for (const transaction of TOLD) if (events.length < n) events.push(...transaction);
    return events;
  }

  /** Makes the changes in a process that is killed when it tells its n-th event. */
  async function killAt(n: number, moment: 'before' | 'after'): Promise<NodeJS.Signals | null> {
    const program = join(test.loop.directory, 'victim.js');
    writeFileSync(
      program,
      `const { Engine } = require(${JSON.stringify(require.resolve('../../lib/engine'))});
       const addon = require(${JSON.stringify(require.resolve('../../lib/binding/load'))}).loadAddon('dockerlite');
       const append = addon.appendLine;
       let count = 0;
       addon.appendLine = (...given) => {
         const last = ++count === ${n};
         if (!last || ${moment === 'after'}) append(...given);
         if (last) process.kill(process.pid, 'SIGKILL');
       };
       (async () => {
         const engine = await Engine.open({ root: ${JSON.stringify(test.root)}, pool: 0 });
         ${CHANGES}
         await engine.close();
       })();`,
    );
    const [code, signal] = (await once(fork(program), 'exit')) as [number | null, NodeJS.Signals | null];
    assert.ok(code === null || code === 0);
    return signal;
  }

  async function sinceTheBeginning(): Promise<string[]> {
    await using engine = await Engine.open({ root: test.root, pool: 0 });
    const seen: string[] = [];
    for await (const { Type, Action } of engine.events({ since: 0n, until: BigInt(Date.now() + 1) * 1_000_000n })) seen.push(`${Type} ${Action}`);
    return seen;
  }

  async function clearUp(): Promise<void> {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
    for (const { id, tags } of await test.engine.images.list()) {
      if (!tags.includes('busybox:latest')) await test.engine.images.remove(id, { force: true });
      else for (const tag of tags) if (tag.startsWith('victim')) await test.engine.images.remove(tag);
    }
    await settleVolumes(store);
    await test.engine.volumes.prune({ all: true });
    for (const { name } of await test.engine.networks.list()) if (name === 'victim') await test.engine.networks.remove(name);
    for (const path of [store.layout.journal, `${store.layout.journal}.1`]) rmSync(path, { force: true });
  }
});
