// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pipe } from '../../lib/binding/supervisor';
import { DockerliteError } from '../../lib/errors';
import type { Image } from '../../lib/images/record';
import { Cli } from '../helpers/cli';
import { storeOf, TestEngine } from '../helpers/engine';
import { FakeRegistry } from '../helpers/fake-registry';
import { findings } from '../helpers/findings';
import { layerOf } from '../helpers/layers';
import { enveloped, opened } from '../helpers/send-stream';
import { listTree, withoutBlocks } from '../helpers/tree-listing';

describe('image send and image receive', function () {
  this.timeout(120_000);
  let here: TestEngine;
  let there: TestEngine;
  let directory: string;

  before(async () => {
    here = await TestEngine.create();
    there = await TestEngine.create();
    directory = mkdtempSync(join(here.loop.directory, 'streams-'));
  });
  after(async () => {
    await there.remove();
    await here.remove();
  });
  afterEach(async () => {
    for (const container of await there.engine.containers.list({ all: true })) await (await there.engine.containers.get(container.id)).remove({ force: true });
    for (const { id } of await there.engine.images.list()) await there.engine.images.remove(id, { force: true });
    for (const engine of [here, there]) {
      assert.deepEqual((await findings(engine.engine)).filter(({ note }) => note !== true), []);
      assert.deepEqual(readdirSync(storeOf(engine.engine).layout.tmp), []);
    }
  });

  let count = 0;
  /** An image with what a command has done to another one. */
  async function commit(from: string, script: string, reference = `made${++count}:v1`): Promise<Image> {
    const container = await here.engine.containers.run({ image: from, command: ['sh', '-c', script], network: 'none' });
    assert.equal((await container.wait()).exitCode, 0);
    const image = await container.commit({ reference });
    await container.remove();
    return image;
  }
  const tree = (engine: TestEngine, id: string) => withoutBlocks(listTree(storeOf(engine.engine).layout.imageRootfs(id)));
  async function send(name: string, options: Parameters<typeof here.engine.images.send>[2] = {}): Promise<string> {
    const path = join(directory, `${++count}.snap`);
    await here.engine.images.send(name, { path }, options).result;
    return path;
  }
  const receive = (path: string) => there.engine.images.receive({ path }).result;
  const same = (id: string) => assert.deepEqual(tree(there, id), tree(here, id));

  it('brings an image with its id, names, configuration and tree, and it runs', async () => {
    const image = await commit('busybox', 'echo changed > /changed; rm /etc/group', 'web:v1');
    await here.engine.images.tag('web:v1', 'registry.example:5000/web:v2');
    const received = await receive(await send('web:v1'));
    assert.deepEqual(received, [{ id: image.id, tags: ['registry.example:5000/web:v2', 'web:v1'], isNew: true }]);
    same(image.id);
    const { oci, ...rest } = await there.engine.images.get('web:v1');
    const { oci: before } = await here.engine.images.get('web:v1');
    assert.deepEqual({ ...oci, config: { ...before.config, ...oci.config } }, before);
    const missing = Object.entries(before.config).filter(([key]) => !(key in oci.config));
    assert.deepEqual(missing.filter(([, value]) => Object.keys(value as object).length > 0), [], 'only what says nothing is not there');
    assert.equal(rest.parent, image.parent);
    assert.equal(await new Cli(there.root).ok('run', '--rm', '--network', 'none', 'web:v1', 'cat', '/changed'), 'changed\n');
    // From there on it is an image like others: it can be sent on, under the same id.
    const path = join(directory, 'on.snap');
    await there.engine.images.send('web:v1', { path }).result;
    assert.equal((opened(readFileSync(path)).description as { id: string }).id, image.id);
  });

  it('keeps the id of an image that has been pushed meanwhile, at both ends', async () => {
    const image = await commit('busybox', 'echo pushed > /file');
    const archived = join(directory, 'saved.tar');
    // What registries take has another configuration.
    await here.engine.images.save([image.id], { path: archived });
    assert.equal((await receive(await send(image.id)))[0]?.id, image.id);
    await there.engine.images.save([image.id], { path: archived });
    const path = join(directory, 'again.snap');
    await there.engine.images.send(image.id, { path }).result;
    assert.equal((opened(readFileSync(path)).description as { id: string }).id, image.id);
  });

  it('sends the difference alone, whatever the size of the image', async () => {
    const base = await commit('busybox', 'head -c 20000000 /dev/urandom > /large');
    const next = await commit(base.id, 'mv /large /moved; echo small > /small');
    const [whole, difference] = [await send(base.id), await send(next.id, { parent: base.id })];
    assert.ok(statSync(whole).size > 20_000_000);
    assert.ok(statSync(difference).size < 10_000, `${statSync(difference).size} bytes`);
    await receive(whole);
    const used = () => storeOf(there.engine).layout;
    const [{ isNew } = { isNew: false }] = await receive(difference);
    assert.ok(isNew);
    same(next.id);
    execFileSync('sync', ['-f', used().root]);
    const usage = execFileSync('btrfs', ['filesystem', 'du', '-s', '--raw', used().imageRootfs(next.id)], { encoding: 'utf8' });
    const exclusive = Number(usage.trim().split('\n').at(-1)?.trim().split(/\s+/)[1]);
    assert.ok(exclusive < 1_000_000, `what was moved is shared with the parent: ${usage}`);
  });

  it('finds by itself the nearest relative of what the receiver has', async () => {
    const base = await commit('busybox', 'head -c 3000000 /dev/urandom > /one');
    const middle = await commit(base.id, 'head -c 3000000 /dev/urandom > /two');
    const top = await commit(middle.id, 'echo top > /top');
    const sibling = await commit(middle.id, 'echo sibling > /sibling');
    const parentOf = async (name: string, have: string[]) => (await here.engine.images.send(name, { path: join(directory, 'have.snap') }, { have }).result).parent;
    const unknown = randomBytes(32).toString('hex');
    assert.equal(await parentOf(top.id, []), undefined);
    assert.equal(await parentOf(top.id, [unknown]), undefined);
    assert.equal(await parentOf(top.id, [base.id]), base.id);
    assert.equal(await parentOf(top.id, [`sha256:${base.id}`, middle.id.slice(0, 20), unknown]), middle.id);
    assert.equal(await parentOf(top.id, [base.id, sibling.id]), sibling.id, 'a sibling has all that the parent has');
    assert.equal(await parentOf(top.id, [top.id, middle.id]), top.id);
    assert.equal(await parentOf(base.id, [top.id]), top.id);
    await assert.rejects(parentOf(top.id, ['busybox:latest']), (error: DockerliteError) => error.code === 'E_INVALID' && /not an id: "busybox:latest"/.test(error.message));
    await receive(await send(base.id));
    const have = await there.engine.images.have();
    assert.ok(have.includes(`sha256:${base.id}`));
    const path = await send(top.id, { have });
    assert.ok(statSync(path).size < 3_100_000);
    await receive(path);
    same(top.id);
    await receive(await send(sibling.id, { have: await there.engine.images.have() }));
    same(sibling.id);
  });

  it('shares layers that both stores have pulled, each for itself', async () => {
    await using registry = await FakeRegistry.start();
    const content = randomBytes(1_500_000).toString('hex');
    const bottom = layerOf([{ name: 'bottom', content }]);
    registry.addImage('app', 'v1', [bottom, layerOf([{ name: 'v1', content: 'one' }])]);
    registry.addImage('app', 'v2', [bottom, layerOf([{ name: 'v2', content: 'two' }])]);
    const registries = { dockerConfig: directory, certificates: [] };
    await here.engine.images.pull(`${registry.host}/app:v1`, { registries }).result;
    await there.engine.images.pull(`${registry.host}/app:v2`, { registries }).result;
    const image = await here.engine.images.get(`${registry.host}/app:v1`);
    const path = join(directory, 'layers.snap');
    const { parent } = await here.engine.images.send(image.id, { path }, { have: await there.engine.images.have() }).result;
    assert.match(parent ?? '', /^layers:/);
    assert.ok(statSync(path).size < 10_000);
    await receive(path);
    same(image.id);
    await here.engine.images.remove(image.id, { force: true });
  });

  it('takes an image that is here already as here, and its names', async () => {
    const image = await commit('busybox', 'echo there > /file', 'once:v1');
    const path = await send('once:v1');
    await receive(path);
    await there.engine.images.remove('once:v1').catch(() => undefined);
    await receive(path);
    assert.deepEqual(await receive(path), [{ id: image.id, tags: ['once:v1'], isNew: false }]);
  });

  it('receives several, one behind the other, compressed too', async () => {
    const base = await commit('busybox', 'echo base > /base');
    const next = await commit(base.id, 'echo next > /next');
    const all = Buffer.concat([readFileSync(await send(base.id)), readFileSync(await send(next.id, { parent: base.id }))]);
    const path = join(directory, 'all.snap.gz');
    writeFileSync(path, gzipSync(all));
    assert.deepEqual((await receive(path)).map(({ id }) => id), [base.id, next.id]);
    same(next.id);
  });

  it('sends a container as what it is at that moment', async () => {
    const container = await here.engine.containers.run({ image: 'busybox', command: ['sh', '-c', 'echo running > /state; sleep 1000'], env: ['A=b'], network: 'none', labels: { x: 'y' }, healthcheck: { test: ['true'], interval: 3_600_000 } });
    while (!existsSync(join(storeOf(here.engine).layout.containerRootfs(container.id), 'state'))) await new Promise(setImmediate);
    await receive(await send('busybox'));
    const path = join(directory, 'container.snap');
    const images = (await here.engine.images.list()).length;
    const sent = await container.send({ path }, { have: await there.engine.images.have() }).result;
    assert.equal(sent.parent, (await here.engine.images.get('busybox')).id);
    assert.ok(statSync(path).size < 20_000);
    assert.deepEqual(await receive(path), [{ id: sent.id, tags: [], isNew: true }]);
    const image = await there.engine.images.get(sent.id);
    assert.equal(readFileSync(join(storeOf(there.engine).layout.imageRootfs(sent.id), 'state'), 'utf8'), 'running\n');
    assert.deepEqual([image.oci.config.Labels, image.oci.config.Env?.includes('A=b'), image.parent], [{ x: 'y' }, true, sent.parent]);
    assert.deepEqual(image.oci.config.Healthcheck, { Test: ['CMD', 'true'], Interval: 3.6e12 });
    assert.equal((await here.engine.images.list()).length, images, 'no image is left where it was sent');
    await container.remove({ force: true });
  });

  it('by the command line, through pipes', async () => {
    const image = await commit('busybox', 'echo cli > /cli', 'cli:v1');
    const next = await commit(image.id, 'echo next > /next', 'cli:v2');
    const [a, b] = [new Cli(here.root), new Cli(there.root)];
    const sent = await a.run('image', 'send', 'cli:v1');
    assert.equal(sent.status, 0, sent.stderr);
    const first = await b.runWith({ input: sent.raw }, 'image', 'receive');
    assert.deepEqual([first.status, first.stdout, first.stderr], [0, 'Loaded image: cli:v1\n', '']);
    const have = await b.ok('image', 'receive', '--have');
    assert.ok(have.includes(`sha256:${image.id}\n`));
    for (const args of [['--have', have], ['--have', '-'], ['--parent', 'cli:v1']]) {
      const difference = await a.runWith({ input: have }, 'image', 'send', ...args, next.id);
      assert.equal(difference.status, 0, difference.stderr);
      assert.ok(difference.raw.length < 10_000);
      writeFileSync(join(directory, 'cli.snap'), difference.raw);
    }
    assert.equal(await b.ok('image', 'receive', '-q', '-i', join(directory, 'cli.snap')), 'Loaded image: cli:v2\n');
    assert.equal(await b.ok('run', '--rm', '--network', 'none', 'cli:v2', 'cat', '/cli', '/next'), 'cli\nnext\n');
    const container = (await a.ok('create', '--network', 'none', 'cli:v2')).trim();
    const file = join(directory, 'file.snap');
    await a.ok('image', 'send', '-o', file, container);
    assert.match(await b.ok('image', 'receive', '-i', file), /^Loaded image ID: sha256:[0-9a-f]{64}\n$/);
    await a.ok('rm', container);
    const none = await a.run('image', 'send', 'no-such-thing');
    assert.deepEqual([none.status, none.raw.length], [1, 0]);
    assert.match(none.stderr, /No such image or container: no-such-thing/);
    assert.equal((await b.run('image', 'receive', '-i', '/no/such')).status, 1);
    // A terminal is not for streams.
    const terminal = execFileSync('script', ['-qec', `${process.execPath} dist/cli/dockerlite.js --root ${here.root} image send cli:v1 || echo status $?`, '/dev/null'], { encoding: 'utf8' });
    assert.match(terminal, /cowardly refusing to send to a terminal/);
    assert.match(terminal, /status 1/);
  });

  it('says which parent is missing, and leaves nothing', async () => {
    const base = await commit('busybox', 'echo base > /base');
    const next = await commit(base.id, 'echo next > /next');
    const path = await send(next.id, { parent: base.id });
    await assert.rejects(receive(path), (error: DockerliteError) => error.code === 'E_NOT_FOUND' && error.message.includes(base.id) && /--parent/.test(error.hint ?? ''));
    assert.deepEqual((await there.engine.images.list()).filter(({ id }) => id === next.id), []);
    await receive(await send(base.id));
    await receive(path);
    same(next.id);
  });

  it('can be stopped at both ends', async () => {
    const image = await commit('busybox', 'head -c 5000000 /dev/urandom > /large');
    // A pipe that nobody reads, and one that nobody writes to.
    const ends = [pipe(), pipe()] as const;
    const stop = new AbortController();
    const { signal } = stop;
    const transfers = [here.engine.images.send(image.id, { fd: ends[0][1] }, { signal }), there.engine.images.receive({ fd: ends[1][0] }, { signal })];
    // Once it has written what fits.
    for await (const event of transfers[0]!) if (event.kind === 'layer') break;
    stop.abort();
    for (const { result } of transfers) await assert.rejects(result as Promise<unknown>, { code: 'E_ABORTED' });
    for (const fd of ends.flat()) closeSync(fd);
  });

  it('is not the word of a registry: what is pulled replaces what was received under its id', async () => {
    await using registry = await FakeRegistry.start();
    registry.addImage('real', 'v1', [layerOf([{ name: 'file', content: 'real' }])]);
    const registries = { dockerConfig: directory, certificates: [] };
    const name = `${registry.host}/real:v1`;
    await here.engine.images.pull(name, { registries }).result;
    const image = await here.engine.images.get(name);
    // The configuration is the real one, the tree is not.
    const forged = join(directory, 'forged.snap');
    const fake = await commit('busybox', 'echo fake > /file');
    const { description } = opened(readFileSync(await send(image.id)));
    writeFileSync(forged, enveloped(opened(readFileSync(await send(fake.id))).stream, { ...description, tags: ['kept:v1', name] }));
    const [received] = await receive(forged);
    assert.equal(received?.id, image.id);
    const container = await there.engine.containers.create({ image: name, command: ['true'], network: 'none' });
    await assert.rejects(there.engine.images.pull(name, { registries }).result, (error: DockerliteError) => error.code === 'E_CONFLICT' && error.message.includes(container.id.slice(0, 12)));
    await container.remove();
    await there.engine.images.pull(name, { registries }).result;
    // The layer says nothing of the root: its time is that of the pull.
    const below = (engine: TestEngine) => tree(engine, image.id).slice(1);
    assert.deepEqual(below(there), below(here));
    assert.deepEqual((await there.engine.images.get(image.id)).tags, [name, 'kept:v1'].sort());
    // From now on it is the registry's, whatever is received.
    assert.equal((await receive(forged))[0]?.isNew, false);
    assert.deepEqual(below(there), below(here));
    await here.engine.images.remove(image.id, { force: true });
  });

  it('is pushed and saved like an image that was committed here', async () => {
    const image = await commit('busybox', 'echo saved > /saved', 'saved:v1');
    await receive(await send('busybox'));
    await receive(await send('saved:v1', { parent: 'busybox' }));
    const path = join(directory, 'received.tar');
    await there.engine.images.save(['saved:v1'], { path });
    const layers = (JSON.parse(execFileSync('tar', ['-xOf', path, 'manifest.json'], { encoding: 'utf8' })) as { Layers: string[] }[])[0]?.Layers ?? [];
    assert.equal(layers.length, 2, 'a layer over those of its parent');
    assert.match(execFileSync('sh', ['-c', `tar -xOf ${path} ${layers[1]} | tar -tz`], { encoding: 'utf8' }), /^(\.?\/)?saved$/m);
    assert.equal(image.id, (await there.engine.images.get('saved:v1')).id);
  });

  it('takes the name of an id at its word only as the digest of the configuration', async () => {
    const image = await commit('busybox', 'echo id > /id');
    const { description, stream } = opened(readFileSync(await send(image.id)));
    const busybox = (await here.engine.images.get('busybox')).id;
    const cases: [object | string, RegExp][] = [
      [{ ...description, id: busybox }, /its id is not that of its configuration/],
      [{ ...description, id: undefined }, /its id/],
      [{ ...description, config: `${description['config'] as string} ` }, /its id/],
      [{ ...description, tags: ['-bad-'] }, /its names/],
      [{ ...description, tags: ['name'] }, /its names/],
      [{ ...description, tags: 'name:v1' }, /its names/],
      [{ ...description, parent: { image: '../../etc' } }, /its parent/],
      [{ ...description, parent: { image: busybox, layers: busybox } }, /its parent/],
      [{ ...description, parent: 1 }, /its parent/],
      [{ ...description, ancestor: '/' }, /made from/],
      [{ ...description, size: -1 }, /its size/],
      [{ ...description, size: 1e300 }, /its size/],
      ['[]', /not a JSON object/],
      ['', /not a JSON object/],
      ['\xff\xfe{}', /its id|not a JSON object/],
      [withConfig(description, 'not JSON'), /invalid image configuration/],
      [withConfig(description, '{"rootfs":{"diff_ids":["x"]}}'), /diff_ids/],
    ];
    for (const [bad, message] of cases) {
      const path = join(directory, 'bad.snap');
      writeFileSync(path, enveloped(stream, bad));
      await assert.rejects(receive(path), (error: DockerliteError) => error.code === 'E_ARCHIVE' && message.test(error.message), JSON.stringify(bad).slice(0, 200));
    }
    const windows = join(directory, 'windows.snap');
    writeFileSync(windows, enveloped(stream, withConfig(description, '{"os":"windows"}')));
    await assert.rejects(receive(windows), { code: 'E_UNSUPPORTED' });
  });

  it('keeps nothing of a stream that was cut off or altered anywhere', async () => {
    const image = await commit('busybox', 'echo cut > /cut');
    const base = (await here.engine.images.get('busybox')).id;
    await receive(await send('busybox'));
    const whole = readFileSync(await send(image.id, { parent: base }));
    const path = join(directory, 'broken.snap');
    const steps = 60;
    for (let i = 0; i < steps; i++) {
      const at = Math.floor((whole.length * i) / steps);
      writeFileSync(path, whole.subarray(0, at));
      await assert.rejects(receive(path), { code: 'E_ARCHIVE' }, `cut off at ${at}`);
      const altered = Buffer.from(whole);
      altered[at] = (altered[at] ?? 0) ^ 0x20;
      writeFileSync(path, altered);
      await assert.rejects(receive(path), (error: DockerliteError) => ['E_ARCHIVE', 'E_NOT_FOUND', 'E_UNSUPPORTED'].includes(error.code), `altered at ${at}`);
      assert.equal(storeOf(there.engine).db.get('SELECT 1 FROM images WHERE id = ?', image.id), undefined);
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.from('more')]));
    await assert.rejects(receive(path), { code: 'E_ARCHIVE' });
    assert.equal((await there.engine.images.get(image.id)).id, image.id, 'what was whole before the rest is there');
  });

  it('tells who watches how far it is', async () => {
    const image = await commit('busybox', 'head -c 3000000 /dev/urandom > /large');
    const path = join(directory, 'watched.snap');
    const states: string[] = [];
    for await (const event of here.engine.images.send(image.id, { path })) if (event.kind === 'layer') states.push(event.state);
    for await (const event of there.engine.images.receive({ path })) if (event.kind === 'layer') states.push(event.state);
    assert.equal(states.filter((state) => state === 'pushed').length, 1);
    assert.equal(states.at(-1), 'complete');
  });
});

function withConfig(description: Record<string, unknown>, config: string): object {
  return { ...description, config, id: createHash('sha256').update(config).digest('hex') };
}
