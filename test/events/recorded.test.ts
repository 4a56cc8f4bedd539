// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { PassThrough } from 'node:stream';
import { SupervisorConnection } from '../../lib/binding/supervisor';
import { type EngineEvent, eventJson } from '../../lib/events/event';
import { pastEvents } from '../../lib/events/past';
import { Layout } from '../../lib/store/layout';
import { readMarker } from '../../lib/store/store';
import { TestEngine } from '../helpers/engine';

describe('the events of', () => {
  let test: TestEngine;
  let layout: Layout;
  before(async () => {
    test = await TestEngine.create();
    layout = new Layout(test.root, readMarker(test.root)?.id ?? '');
  });
  after(() => test.remove());

  const of = (id: string) => pastEvents({ layout }).filter(({ Actor }) => Actor.ID === id);
  const actions = (events: EngineEvent[]) => events.map(({ Action }) => Action);
  const create = (command: string[], more = {}) => test.engine.containers.create({ image: 'busybox', command, network: 'none', ...more });

  it('a run: in their order, with image, name and labels', async () => {
    const container = await create(['sh', '-c', 'exit 7'], { name: 'first', labels: { tier: 'web', image: 'mine', exitCode: 'x' } });
    await container.start({ attach: {} }).then(({ exited }) => exited);
    await container.remove();
    const events = of(container.id);
    assert.deepEqual(actions(events), ['create', 'attach', 'start', 'die', 'destroy']);
    for (const { Type, Actor, scope } of events) {
      assert.deepEqual([Type, scope], ['container', 'local']);
      const { execDuration, exitCode, ...rest } = Actor.Attributes;
      assert.deepEqual(rest, { tier: 'web', image: 'busybox', name: 'first' });
    }
    assert.deepEqual(events.map(({ Actor }) => Actor.Attributes['exitCode']), ['x', 'x', 'x', '7', 'x']);
    assert.match(events[3]?.Actor.Attributes['execDuration'] ?? '', /^\d+$/);
    assert.deepEqual([...events].sort((a, b) => Number(a.timeNano - b.timeNano)), events);
  });

  it('one that cannot be started: nothing of a start', async () => {
    const container = await create(['/no/such/command']);
    await assert.rejects(container.start());
    assert.deepEqual(actions(of(container.id)), ['create']);
  });

  it('verbs', async () => {
    const container = await create(['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.01; done'], { tty: true });
    await container.start();
    const attachment = await container.attach();
    await attachment.resize(30, 90);
    attachment.detach();
    await container.pause();
    await container.unpause();
    await container.rename('second');
    const sink = new PassThrough().resume();
    await container.copyOut('/etc/passwd', sink);
    await container.export(sink);
    await container.top();
    const image = await container.commit({ reference: 'made:1', comment: 'why' });
    await container.stop();
    await assert.rejects(container.exec(['true']));
    assert.deepEqual(actions(of(container.id)), [
      ...['create', 'start', 'attach', 'resize', 'detach', 'pause', 'unpause', 'rename', 'archive-path', 'export', 'top', 'commit', 'kill', 'die', 'stop'],
    ]);
    const attributes = (action: string) => of(container.id).find(({ Action }) => Action === action)?.Actor.Attributes ?? {};
    assert.deepEqual([attributes('resize')['height'], attributes('resize')['width']], ['30', '90']);
    assert.match(attributes('rename')['oldName'] ?? '', /^\/\w+$/);
    assert.deepEqual([attributes('commit')['imageID'], attributes('commit')['imageRef'], attributes('commit')['comment']], [`sha256:${image.id}`, 'made:1', 'why']);
    assert.equal(attributes('kill')['signal'], '15');
    // The supervisor has heard of its new name.
    assert.deepEqual([attributes('die')['name'], attributes('die')['exitCode']], ['second', '3']);
  });

  it('restart and kill', async () => {
    const container = await create(['sleep', '1000'], { stopSignal: 'SIGKILL' });
    await container.start();
    await container.restart();
    await container.remove({ force: true });
    assert.deepEqual(actions(of(container.id)), ['create', 'start', 'kill', 'die', 'stop', 'start', 'restart', 'kill', 'die', 'destroy']);
    assert.deepEqual(of(container.id).filter(({ Action }) => Action === 'die').map(({ Actor }) => Actor.Attributes['exitCode']), ['137', '137']);
  });

  it('a container that is started again by its policy', async () => {
    const container = await create(['sh', '-c', 'exit 9'], { restart: 'on-failure:2' });
    await container.start();
    let ends = 0;
    for await (const { Action } of test.engine.events({ since: 0n, filters: { container: [container.id] } })) if (Action === 'die' && ++ends === 3) break;
    assert.deepEqual(actions(of(container.id)), ['create', 'start', 'die', 'start', 'die', 'start', 'die']);
    assert.deepEqual(of(container.id).filter(({ Action }) => Action === 'die').map(({ Actor }) => Actor.Attributes['exitCode']), ['9', '9', '9']);
  });

  it('execs, with their id and code', async () => {
    const container = await create(['sleep', '1000']);
    await container.start();
    const ran = await container.exec(['sh', '-c', 'exit 4']);
    await ran.exited;
    await assert.rejects(container.exec(['/no/such']));
    const events = of(container.id).filter(({ Action }) => Action.startsWith('exec'));
    assert.deepEqual(actions(events), ['exec_create: sh -c exit 4', 'exec_start: sh -c exit 4', 'exec_die', 'exec_create: /no/such', 'exec_start: /no/such']);
    assert.deepEqual(events.slice(0, 3).map(({ Actor }) => Actor.Attributes['execID']), [ran.id, ran.id, ran.id]);
    assert.equal(events[2]?.Actor.Attributes['exitCode'], '4');
  });

  it('a supervisor that was killed: one end with a code nobody takes for a success', async () => {
    const container = await create(['sleep', '1000']);
    await container.start();
    const owner = await supervisorOf(container.id);
    process.kill(owner, 'SIGKILL');
    // Several who see it at once.
    while ((await container.inspect()).State.Running);
    await Promise.all([container.inspect(), container.wait(), test.engine.containers.list({ all: true })]);
    const ends = of(container.id).filter(({ Action }) => Action === 'die');
    assert.deepEqual(ends.map(({ Actor }) => Actor.Attributes['exitCode']), ['255']);
  });

  it('a stop whose supervisor was killed: told as any other, once', async () => {
    const container = await create(['sleep', '1000']); // it does not hear SIGTERM
    await container.start();
    const stops = [container.stop({ timeout: -1 }), container.stop({ timeout: -1 })];
    while (actions(of(container.id)).filter((action) => action === 'kill').length < stops.length) await new Promise(setImmediate);
    process.kill(await supervisorOf(container.id), 'SIGKILL');
    await Promise.all(stops);
    assert.deepEqual(actions(of(container.id)), ['create', 'start', 'kill', 'kill', 'die', 'stop']);
  });

  it('memory running out', async function () {
    const container = await create(['sh', '-c', 'tail /dev/zero'], { resources: { memory: 16 << 20, memorySwap: 16 << 20 } });
    await container.start();
    await container.wait();
    assert.deepEqual(actions(of(container.id)), ['create', 'start', 'oom', 'die']);
  });

  it('images', async () => {
    const { id } = await test.engine.images.get('busybox');
    assert.deepEqual(of(`sha256:${id}`).map(({ Action, Actor }) => [Action, Actor.Attributes['name']]), [['tag', 'busybox:latest'], ['import', `sha256:${id}`]]);
    await test.engine.images.tag('busybox', 'other:2');
    await test.engine.images.remove('other:2');
    const container = await create(['true']);
    const made = await container.commit({ changes: ['LABEL a=b'] });
    await test.engine.images.remove(made.id);
    assert.deepEqual(of(`sha256:${id}`).slice(2).map(({ Type, Action, Actor }) => [Type, Action, Actor.Attributes['name']]), [
      ['image', 'tag', 'other:2'],
      ['image', 'untag', `sha256:${id}`],
    ]);
    assert.deepEqual(actions(of(`sha256:${made.id}`)), ['delete']);
  });

  it('anything, as the API writes them', () => {
    for (const event of pastEvents({ layout })) {
      const again = JSON.parse(eventJson(event)) as Record<string, unknown>;
      assert.deepEqual(Object.keys(again), ['Type', 'Action', 'Actor', 'scope', 'time', 'timeNano']);
    }
  });

  async function supervisorOf(id: string): Promise<number> {
    const connection = SupervisorConnection.connect(layout.controlSocket(id));
    const { supervisorPid } = await connection.status();
    connection.close();
    return supervisorPid;
  }
});
