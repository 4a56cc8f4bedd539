// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendLine, timedEvent } from '../../lib/binding/journal';
import { pastEvents } from '../../lib/events/past';
import { recordEvent } from '../../lib/events/journal';
import type { Store } from '../../lib/store/store';

describe('the event journal', () => {
  let directory: string;
  let store: Pick<Store, 'layout'>;
  before(() => {
    directory = mkdtempSync('/run/dockerlite-journal-');
  });
  beforeEach(() => {
    rmSync(directory, { recursive: true, force: true });
    // A file of its own in memory, as a store's is.
    store = { layout: { journal: join(directory, 'run/events') } as Store['layout'] };
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const line = (text: string) => timedEvent(JSON.stringify({ text }).slice(0, -1));
  const texts = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n').map((one) => (JSON.parse(one) as { text: string }).text);

  it('holds what happened, with the time in nanoseconds', () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    recordEvent(store, 'volume', 'create', 'data "1"\n', { driver: 'local', odd: '\u2028<&>\ud800' });
    recordEvent(store, 'network', 'connect', 'bridge');
    const [first, second, ...more] = pastEvents(store);
    assert.deepEqual(more, []);
    assert.deepEqual(first?.Actor, { ID: 'data "1"\n', Attributes: { driver: 'local', odd: '\u2028<&>\ud800' } });
    assert.deepEqual([first?.Type, first?.Action, first?.scope], ['volume', 'create', 'local']);
    assert.deepEqual([second?.Type, second?.Action, second?.Actor], ['network', 'connect', { ID: 'bridge', Attributes: {} }]);
    assert.ok(first !== undefined && second !== undefined && first.timeNano >= before && second.timeNano >= first.timeNano);
    assert.equal(BigInt(first.time), first.timeNano / 1_000_000_000n);
  });

  it('is for root alone, and nothing that a link points to', () => {
    recordEvent(store, 'image', 'tag', 'a');
    assert.equal(statSync(store.layout.journal).mode & 0o777, 0o640);
    rmSync(store.layout.journal);
    writeFileSync(join(directory, 'other'), '');
    symlinkSync(join(directory, 'other'), store.layout.journal);
    recordEvent(store, 'image', 'tag', 'b');
    assert.equal(readFileSync(join(directory, 'other'), 'utf8'), '');
    assert.throws(() => appendLine(store.layout.journal, line('c')), { code: 'E_SYSTEM', syscall: 'open' });
  });

  it('passes over lines that were cut', () => {
    recordEvent(store, 'image', 'tag', 'a');
    writeFileSync(store.layout.journal, '{"Type":"image","Act\n\n{"timeNano":12}\nnonsense"timeNano":12}\n{"Type":', { flag: 'a' });
    assert.deepEqual(pastEvents(store).map((event) => event.Type), ['image', undefined]);
  });

  it('has two generations, the older one kept for a while', () => {
    const path = store.layout.journal;
    for (let i = 0; i < 10; i++) appendLine(path, line(String(i).repeat(100)), { size: 400, keep: 0 });
    assert.deepEqual(texts(`${path}.1`).map((text) => text[0]), ['6', '7', '8']);
    assert.deepEqual(texts(path).map((text) => text[0]), ['9']);
    for (let i = 0; i < 10; i++) appendLine(path, line('x'.repeat(100)), { size: 400, keep: 3600 });
    assert.equal(texts(path).length, 11);
    assert.equal(texts(`${path}.1`).length, 3);
  });

  it('is not rotated again at the turn of a second', () => {
    const path = store.layout.journal;
    const long = line('x'.repeat(100));
    for (let i = 0; i < 2; i++) appendLine(path, long, { size: 100, keep: 0 });
    const second = Math.trunc(Date.now() / 1000);
    while (Math.trunc(Date.now() / 1000) === second); // the time that files have may be ahead of the clock's coarser one
    appendLine(path, long, { size: 100, keep: 0 });
    for (let i = 0; i < 3; i++) appendLine(path, long, { size: 100, keep: 3600 });
    assert.equal(texts(path).length, 3);
  });

  it('is made anew when somebody removes it', () => {
    recordEvent(store, 'image', 'tag', 'a');
    rmSync(join(directory, 'run'), { recursive: true });
    recordEvent(store, 'image', 'tag', 'b');
    assert.deepEqual(pastEvents(store).map(({ Actor }) => Actor.ID), ['b']);
  });

  it('loses nothing of fifty processes that write and rotate at once', async () => {
    // All find it too long at the same time. A second rotation would take the older lines away.
    const [writers, each, size, keep] = [50, 200, 400 * 1024, 3600];
    const path = store.layout.journal;
    const script = `const { appendLine, timedEvent } = require(${JSON.stringify(require.resolve('../../lib/binding/journal'))});
      process.on('message', () => {
        for (let i = 0; i < ${each}; i++) appendLine(${JSON.stringify(path)}, timedEvent('{"text":"' + process.argv[2] + ' ' + i + ' ${'.'.repeat(60)}"'), { size: ${size}, keep: ${keep} });
        process.disconnect();
      });
      process.send('ready');`;
    const file = join(directory, 'writer.js');
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, script);
    const children = Array.from({ length: writers }, (_, i) => fork(file, [String(i)]));
    await Promise.all(children.map((child) => once(child, 'message')));
    for (const child of children) child.send('go');
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
    assert.deepEqual(codes, Array.from({ length: writers }, () => 0));
    assert.ok(existsSync(`${path}.1`));
    const all = [...texts(`${path}.1`), ...texts(path)].map((text) => text.split(' ').slice(0, 2).join(' '));
    assert.equal(all.length, writers * each);
    assert.equal(new Set(all).size, writers * each);
    for (let i = 0; i < writers; i++) {
      const own = all.filter((text) => text.startsWith(`${i} `)).map((text) => Number(text.split(' ')[1]));
      assert.deepEqual(own, Array.from({ length: each }, (_, n) => n));
    }
  });
});
