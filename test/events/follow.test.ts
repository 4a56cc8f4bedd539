// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendLine, timedEvent } from '../../lib/binding/journal';
import { type EngineEvent, eventJson } from '../../lib/events/event';
import { watchEvents } from '../../lib/events/events';
import { eventFilter } from '../../lib/events/filter';
import { recordEvent } from '../../lib/events/journal';
import { pastEvents } from '../../lib/events/past';
import { JournalReader, markEnd } from '../../lib/events/reader';
import type { Store } from '../../lib/store/store';

describe('following events', () => {
  let directory: string;
  let store: Pick<Store, 'layout'>;
  before(() => {
    directory = mkdtempSync('/run/dockerlite-journal-');
  });
  beforeEach(() => {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    store = { layout: { journal: join(directory, 'run/events') } as Store['layout'] };
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const note = (id: string) => recordEvent(store, 'volume', 'create', id);
  const id = ({ Actor }: EngineEvent) => Actor.ID;
  const line = (n: number) => timedEvent(`{"Type":"volume","Action":"create","Actor":{"ID":"${n}","Attributes":{}},"scope":"local"`);

  it('gives what happens from the call on, not what was before', async () => {
    note('before');
    const events = watchEvents(store, {});
    note('between');
    assert.equal(id((await events.next()).value as EngineEvent), 'between');
    const next = events.next();
    note('after');
    assert.equal(id((await next).value as EngineEvent), 'after');
    await events.return(undefined);
  });

  it('begins before anything has happened at all', async () => {
    const events = watchEvents(store, {});
    const next = events.next();
    note('first');
    assert.equal(id((await next).value as EngineEvent), 'first');
    await events.return(undefined);
  });

  it('ends when it is told to', async () => {
    const end = new AbortController();
    const seen: string[] = [];
    note('x');
    for await (const event of watchEvents(store, { since: 0n, signal: end.signal })) {
      seen.push(id(event));
      setImmediate(() => end.abort());
    }
    assert.deepEqual(seen, ['x']);
    for await (const event of watchEvents(store, { since: 0n, signal: AbortSignal.abort() })) assert.fail(id(event));
  });

  it('of the past, between two moments, both included', async () => {
    for (const name of ['a', 'b', 'c', 'd']) note(name);
    const [, b, c] = pastEvents(store);
    const between: string[] = [];
    for await (const event of watchEvents(store, { since: b?.timeNano, until: c?.timeNano })) between.push(id(event));
    assert.deepEqual(between, ['b', 'c']);
    const upTo: string[] = [];
    for await (const event of watchEvents(store, { until: c?.timeNano })) upTo.push(id(event));
    assert.deepEqual(upTo, ['a', 'b', 'c']);
    assert.throws(() => watchEvents(store, { since: 2_000_000_000n, until: 1_500_000_000n }), {
      code: 'E_INVALID',
      message: '`since` time (2.000000000) cannot be after `until` time (1.500000000)',
    });
  });

  it('stops at a moment that is yet to come', async () => {
    note('before');
    const seen: string[] = [];
    for await (const event of watchEvents(store, { until: BigInt(Date.now() + 50) * 1_000_000n })) seen.push(id(event));
    assert.deepEqual(seen, ['before']);
  });

  it('goes from one generation to the next, however often they change', () => {
    const path = store.layout.journal;
    const reader = new JournalReader(path);
    const seen: number[] = [];
    const catchUp = () => {
      for (const one of reader.lines()) seen.push(Number((JSON.parse(one) as EngineEvent).Actor.ID));
    };
    for (let n = 0; n < 300; n++) {
      appendLine(path, line(n), { size: 500, keep: 0 });
      if (n % 7 === 0) catchUp(); // behind by a rotation, and by two
    }
    catchUp();
    catchUp();
    reader.close();
    assert.deepEqual(seen, Array.from({ length: 300 }, (_, n) => n));
  });

  it('finds its place again in either generation', () => {
    const path = store.layout.journal;
    for (const rotations of [0, 1]) {
      for (let n = 0; n < 3; n++) appendLine(path, line(n), {});
      const mark = markEnd(path);
      appendLine(path, line(3), { size: rotations === 1 ? 1 : 1 << 20, keep: 0 });
      appendLine(path, line(4), {});
      const reader = new JournalReader(path, mark);
      assert.deepEqual([...reader.lines()].map((one) => (JSON.parse(one) as EngineEvent).Actor.ID), ['3', '4']);
      reader.close();
      rmSync(directory, { recursive: true });
    }
  });

  it('misses and doubles nothing that twenty other processes write', async () => {
    const [writers, each] = [20, 100];
    const script = `const { appendLine, timedEvent } = require(${JSON.stringify(require.resolve('../../lib/binding/journal'))});
      process.on('message', () => {
        for (let i = 0; i < ${each}; i++) appendLine(${JSON.stringify(store.layout.journal)}, timedEvent('{"Type":"volume","Action":"create","Actor":{"ID":"' + process.argv[2] + '.' + i + '","Attributes":{}},"scope":"local"'), { size: 120000, keep: 0 });
        process.disconnect();
      });
      process.send('ready');`;
    writeFileSync(join(directory, 'writer.js'), script);
    const children = Array.from({ length: writers }, (_, i) => fork(join(directory, 'writer.js'), [String(i)]));
    await Promise.all(children.map((child) => once(child, 'message')));
    const events = watchEvents(store, {});
    for (const child of children) child.send('go');
    const seen: string[] = [];
    for await (const event of events) {
      seen.push(id(event));
      if (seen.length === writers * each) break;
    }
    await Promise.all(children.filter((child) => child.exitCode === null).map((child) => once(child, 'exit')));
    assert.equal(new Set(seen).size, writers * each);
  });

  const event = (more: Partial<EngineEvent>): EngineEvent => ({ Type: 'container', Action: 'die', Actor: { ID: 'abcdef', Attributes: { name: 'web', image: 'busybox:1', tier: 'a' } }, scope: 'local', time: 1, timeNano: 1_000_000_001n, ...more });
  const image = event({ Type: 'image', Action: 'tag', Actor: { ID: 'sha256:12', Attributes: { name: 'localhost:5000/box:2' } } });
  const health = event({ Action: 'health_status: healthy' });
  const exec = event({ Action: 'exec_start: sh -c ls' });
  const filters: [Record<string, string[]>, EngineEvent, boolean][] = [
    [{}, event({}), true],
    [{ type: ['container'] }, event({}), true],
    [{ type: ['image', 'network'] }, event({}), false],
    [{ event: ['die', 'start'] }, event({}), true],
    [{ event: ['di'] }, event({}), false],
    [{ event: ['health_status'] }, health, true],
    [{ event: ['health_status: unhealthy'] }, health, false],
    [{ event: ['exec_start'] }, exec, true],
    [{ event: ['exec_die'] }, exec, false],
    [{ container: ['web'] }, event({}), true],
    [{ container: ['abc'] }, event({}), true],
    [{ container: ['other'] }, event({}), false],
    [{ image: ['busybox'] }, event({}), true],
    [{ image: ['busybox:1'] }, event({}), true],
    [{ image: ['busybox:2'] }, event({}), false],
    [{ image: ['localhost:5000/box'] }, image, true],
    [{ image: ['sha256:12'] }, image, true],
    [{ label: ['tier'] }, event({}), true],
    [{ label: ['tier=a', 'image'] }, event({}), true],
    [{ label: ['tier=b'] }, event({}), false],
    [{ label: ['toString'] }, event({}), false],
    [{ network: ['web'], type: ['network'] }, event({}), false],
    [{ scope: ['local'] }, event({}), true],
    [{ scope: ['swarm'] }, event({}), false],
  ];
  for (const [wanted, one, yes] of filters) {
    it(`filters ${one.Type} ${one.Action} by ${JSON.stringify(wanted)}: ${yes}`, () => assert.equal(eventFilter(wanted)(one), yes));
  }

  it('knows no other filter', () => {
    for (const bad of ['colour', '__proto__', 'constructor']) {
      assert.throws(() => eventFilter(Object.fromEntries([[bad, ['x']]])), { code: 'E_INVALID', message: `invalid filter '${bad}'` });
    }
  });

  it('is JSON with every digit of the time', () => {
    assert.match(eventJson(event({ timeNano: 1_234_567_890_123_456_789n })), /"time":1,"timeNano":1234567890123456789\}$/);
  });
});
