// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerliteError } from '../../lib/errors';
import type { TransferEvent } from '../../lib/images/transfer';
import { MEDIA } from '../../lib/registry/media-types';
import type { Store } from '../../lib/store/store';
import { buildBusyboxRootfs } from '../helpers/busybox';
import { readAll, storeOf, TestEngine } from '../helpers/engine';
import { FakeRegistry } from '../helpers/fake-registry';
import { findings } from '../helpers/findings';
import type { TarEntry } from '../helpers/hostile-archive';
import { layerOf, layerOfDirectory, type TestLayer } from '../helpers/layers';
import { collect, IMPATIENT } from '../helpers/registry-client';

const dir = (name: string): TarEntry => ({ name: `${name}/`, type: '5' });
const file = (name: string, content = name): TarEntry => ({ name, content });

describe('pulling images', () => {
  let test: TestEngine;
  let store: Store;
  let fake: FakeRegistry;
  let busybox: TestLayer;

  before(async () => {
    test = await TestEngine.create();
    store = storeOf(test.engine);
    busybox = layerOfDirectory(buildBusyboxRootfs(join(test.loop.directory, 'pulled')));
  });
  after(() => test.remove());
  beforeEach(async () => {
    fake = await FakeRegistry.start({ page: 2 });
  });
  afterEach(async () => {
    await fake.stop();
    assert.deepEqual((await findings(test.engine)).filter(({ note }) => note !== true), []);
  });

  const options = () => ({ registries: { dockerConfig: test.loop.directory, certificates: [], patience: IMPATIENT } });
  const pull = (name: string, more = {}) => test.engine.images.pull(`${fake.host}/${name}`, { ...options(), ...more });
  const rootfs = (id: string) => store.layout.imageRootfs(id);
  const layers = () => readdirSync(store.layout.layers);

  async function pulledTree(...list: TestLayer[]): Promise<string> {
    fake.addImage('tree', 'v1', list);
    const { id } = await pull('tree:v1').result;
    return rootfs(id);
  }

  it('runs what it has pulled', async () => {
    const image = fake.addImage('a/busybox', 'v1', [busybox, layerOf([file('greeting', 'hello')])], { config: { Cmd: ['cat', '/greeting'], Env: ['A=b'], Labels: { k: 'v' } } });
    const events = await collect<TransferEvent>(pull('a/busybox:v1'));
    const pulled = await test.engine.images.get(`${fake.host}/a/busybox:v1`);
    assert.equal(`sha256:${pulled.id}`, image.config);
    assert.deepEqual(pulled.digests, [`${fake.host}/a/busybox@${image.digest}`]);
    assert.deepEqual(events[0], { kind: 'message', id: 'v1', text: 'Pulling from a/busybox' });
    assert.deepEqual(events.at(-1), { kind: 'message', text: `Digest: ${image.digest}` });
    for (const state of ['waiting', 'downloading', 'downloaded', 'extracting', 'complete']) assert.equal(new Set(events.flatMap((event) => (event.kind === 'layer' && event.state === state ? [event.digest] : []))).size, 2, state);
    const container = await test.engine.containers.create({ image: `${fake.host}/a/busybox:v1`, network: 'none' });
    const attachment = await container.start({ attach: { stdout: true } });
    assert.equal(await readAll(attachment.stdout), 'hello');
    assert.equal((await attachment.exited).exitCode, 0);
    await container.remove();
  });

  it('is found by its digest, and says that it was there already', async () => {
    const image = fake.addImage('again', 'v1', [busybox]);
    assert.equal((await pull('again:v1').result).isNew, true);
    assert.equal((await pull('again:v1').result).isNew, false);
    const byDigest = await pull(`again@${image.digest}`).result;
    assert.equal(byDigest.name, `${fake.host}/again@${image.digest}`);
    assert.equal((await test.engine.images.get(byDigest.name)).id, byDigest.id);
  });

  it('shares layers between images and downloads each of them once', async () => {
    const common = layerOf([file('common')]);
    fake.addImage('one', 'v1', [busybox, common, layerOf([file('one')])]);
    fake.addImage('two', 'v1', [busybox, common, layerOf([file('two')])]);
    const [one, two] = await Promise.all([pull('one:v1').result, pull('two:v1').result]);
    assert.equal(readFileSync(join(rootfs(one.id), 'one'), 'utf8'), 'one');
    assert.equal(readFileSync(join(rootfs(two.id), 'two'), 'utf8'), 'two');
    assert.ok(existsSync(join(rootfs(two.id), 'common')) && !existsSync(join(rootfs(two.id), 'one')));
    assert.equal(fake.requests('GET', /\/blobs\//).length, 2 + 3, 'two configurations, and every layer but busybox once');
  });

  it('removes layers with the last image that needs them', async () => {
    const common = layerOf([file('gone-common', randomBytes(8).toString('hex'))]);
    fake.addImage('g1', 'v1', [common, layerOf([file('x')])]);
    fake.addImage('g2', 'v1', [common, layerOf([file('y')])]);
    const before = layers().length;
    await pull('g1:v1').result;
    await pull('g2:v1').result;
    assert.equal(layers().length, before + 3);
    await test.engine.images.remove(`${fake.host}/g1:v1`);
    assert.equal(layers().length, before + 2);
    await test.engine.images.remove(`${fake.host}/g2:v1`);
    assert.equal(layers().length, before);
    const blobs = store.db.all<{ hex: string }>('SELECT hex FROM blobs').map(({ hex }) => hex);
    assert.deepEqual(readdirSync(store.layout.blobs).sort(), blobs.sort());
  });

  it('takes gzip, zstd and plain tar, schema 2 and OCI', async () => {
    for (const compression of ['gzip', 'zstd', 'none'] as const) {
      const tree = await pulledTree(layerOf([file(compression)], compression));
      assert.deepEqual(readdirSync(tree), [compression]);
    }
    const layer = layerOf([file('schema2')]);
    fake.addImage('s2', 'v1', [layer]);
    const oci = JSON.parse(fake.manifests.get('s2:v1')?.raw.toString() ?? '') as { config: object; layers: object[] };
    const schema2 = { schemaVersion: 2, mediaType: MEDIA.dockerManifest, config: { ...oci.config, mediaType: MEDIA.dockerConfig }, layers: [{ ...oci.layers[0], mediaType: MEDIA.dockerLayer }] };
    fake.addManifest('s2', 'docker', schema2, MEDIA.dockerManifest);
    assert.deepEqual(readdirSync(rootfs((await pull('s2:docker').result).id)), ['schema2']);
  });

  it('pulls an image without layers, and a layer twice in one image', async () => {
    fake.addImage('empty', 'v1', []);
    assert.deepEqual(readdirSync(rootfs((await pull('empty:v1').result).id)), []);
    const twice = layerOf([file('twice')]);
    assert.deepEqual(readdirSync(await pulledTree(twice, twice, twice)), ['twice']);
  });

  it('applies whiteouts to lower layers only, whatever the order', async () => {
    const lower = layerOf([dir('d'), dir('d/sub'), file('d/a'), file('d/sub/x'), dir('o'), file('o/old'), dir('o/kept'), file('o/kept/old'), file('plain'), { name: 'link', type: '2', link: 'd' }]);
    const upper = layerOf([file('.wh.plain', ''), file('d/new'), file('d/.wh.a', ''), file('d/.wh.sub', ''), file('o/new'), dir('o/kept'), file('o/kept/new'), file('o/.wh..wh..opq', ''), file('o/later'), file('.wh.nothing', ''), file('no/such/.wh.directory', ''), file('.wh..wh.plnk', '')]);
    const tree = await pulledTree(lower, upper);
    assert.deepEqual(readdirSync(tree).sort(), ['d', 'link', 'o']);
    assert.deepEqual(readdirSync(join(tree, 'd')), ['new']);
    assert.deepEqual(readdirSync(join(tree, 'o')).sort(), ['kept', 'later', 'new']);
    assert.deepEqual(readdirSync(join(tree, 'o/kept')), ['new']);
  });

  it('removes through links within the image only, and links themselves', async () => {
    const lower = layerOf([{ name: 'out', type: '2', link: '/etc' }, { name: 'up', type: '2', link: '../../../../..' }, dir('etc'), file('etc/passwd'), file('etc/group')]);
    const upper = layerOf([file('out/.wh.passwd', ''), file('up/etc/.wh.group', ''), file('.wh.out', '')]);
    const tree = await pulledTree(lower, upper);
    assert.deepEqual(readdirSync(join(tree, 'etc')), []);
    assert.ok(lstatSync(join(tree, 'up')).isSymbolicLink());
    assert.ok(!readdirSync(tree).includes('out'));
    assert.ok(existsSync('/etc/passwd') && existsSync('/etc/group'));
  });

  const hostile: [string, () => TestLayer, RegExp][] = [
    ['a name that leaves the root', () => layerOf([file('../../evil')]), /leaves the root/],
    ['a whiteout of ..', () => layerOf([file('.wh...', '')]), /a whiteout needs a name/],
    ['a whiteout of nothing', () => layerOf([file('a/.wh.', '')]), /a whiteout needs a name/],
    ['a hard link out of the root', () => layerOf([{ name: 'x', type: '1', link: '../../etc/passwd' }]), /leaves the root/],
    ['a tar that ends early', () => layerOf(layerOfBytes().subarray(0, 700)), /./],
    ['no tar at all', () => layerOf(Buffer.from('<html>not found</html>'.repeat(100))), /./],
  ];
  const layerOfBytes = () => Buffer.concat([Buffer.from(layerOf([file('a', 'x'.repeat(5000))], 'none').bytes)]);
  for (const [what, make, message] of hostile) {
    it(`leaves nothing of an image with ${what}`, async () => {
      const before = { layers: layers(), images: readdirSync(store.layout.images), blobs: readdirSync(store.layout.blobs) };
      fake.addImage('evil', 'v1', [layerOf([file('first', what)]), make()]);
      await assert.rejects(pull('evil:v1').result, (error: DockerliteError) => {
        assert.equal(error.code, 'E_ARCHIVE', error.stack);
        assert.match(error.message, message);
        return true;
      });
      assert.deepEqual(readdirSync(store.layout.images), before.images);
      assert.deepEqual(readdirSync(store.layout.tmp), []);
    });
  }

  it('refuses a layer whose content is not what its diff ID says', async () => {
    const layer = { ...layerOf([file('x')]), diffId: `sha256:${'0'.repeat(64)}` };
    fake.addImage('lie', 'v1', [layer]);
    await assert.rejects(pull('lie:v1').result, (error: DockerliteError) => error.code === 'E_DIGEST' && /diff ID/.test(error.message));
  });

  it('refuses a layer that is not what its digest says, and downloads it again the next time', async () => {
    const layer = layerOf([file('honest')]);
    const image = fake.addImage('swap', 'v1', [layer]);
    const [digest] = [...fake.blobs].find(([, bytes]) => bytes === layer.bytes) as [string, Buffer];
    const evil = Buffer.from(layer.bytes);
    evil.writeUInt8(evil.readUInt8(20) ^ 1, 20);
    fake.blobs.set(digest, evil);
    await assert.rejects(pull('swap:v1').result, (error: DockerliteError) => ['E_DIGEST', 'E_ARCHIVE'].includes(error.code));
    fake.blobs.set(digest, layer.bytes);
    assert.equal((await pull('swap:v1').result).digest, image.digest);
  });

  it('stops a bomb at its limit', async () => {
    fake.addImage('bomb', 'v1', [layerOf([file('zeros', '\0'.repeat(50_000_000))])]);
    await assert.rejects(pull('bomb:v1', { layerLimit: 10_000_000 }).result, /more content than allowed/);
  });

  const badConfigs: [string, Record<string, unknown>, RegExp][] = [
    ['another number of diff_ids', { rootfs: { type: 'layers', diff_ids: [] } }, /0 diff_ids/],
    ['diff_ids that are paths', { rootfs: { type: 'layers', diff_ids: ['../../x'] } }, /no digests/],
    ['another operating system', { os: 'windows' }, /operating system "windows" cannot be used/],
    ['a command that is no text', { config: { Cmd: [1] } }, /no list of text/],
  ];
  for (const [what, config, message] of badConfigs) {
    it(`refuses a configuration with ${what}`, async () => {
      fake.addImage('bad', 'v1', [layerOf([file('x')])], config);
      await assert.rejects(pull('bad:v1').result, message);
    });
  }

  it('takes what else a configuration says, and lacks, as it is', async () => {
    fake.addImage('odd', 'v1', [layerOf([file('x')])], { created: null, history: 'none', config: { Labels: [1], Env: ['nonsense', 'A=b'], Volumes: null, Cmd: null, User: 7 } });
    const { oci } = await test.engine.images.get((await pull('odd:v1').result).id);
    assert.deepEqual(oci.config, { Env: ['A=b'] });
    assert.equal(oci.created, '0001-01-01T00:00:00Z');
  });

  it('pulls every tag of a repository', async () => {
    for (const tag of ['a', 'b', 'c']) fake.addImage('all', tag, [layerOf([file(tag)])]);
    const pulled = await test.engine.images.pullAllTags(`${fake.host}/all`, options()).result;
    assert.deepEqual(pulled.map(({ name }) => name), ['a', 'b', 'c'].map((tag) => `${fake.host}/all:${tag}`));
    await assert.rejects(test.engine.images.pullAllTags(`${fake.host}/all:a`, options()).result, /tag can't be used/);
  });

  it('unpacks a layer while the rest of it still comes', async () => {
    const layer = layerOf([file('first', randomBytes(300_000).toString('hex')), file('last')], 'none');
    fake.addImage('slow', 'v1', [layer]);
    const [digest] = [...fake.blobs].find(([, bytes]) => bytes === layer.bytes) as [string, Buffer];
    let sendRest: (() => void) | undefined;
    fake.intercept = (_, response, url) => {
      if (!url.pathname.endsWith(digest)) return false;
      response.writeHead(200, { 'content-length': layer.bytes.length });
      response.write(layer.bytes.subarray(0, 500_000));
      sendRest = () => response.end(layer.bytes.subarray(500_000));
      return true;
    };
    const transfer = pull('slow:v1');
    const begun = () => readdirSync(store.layout.tmp).some((name) => existsSync(join(store.layout.tmp, name, 'rootfs/first')));
    while (!begun()) await new Promise(setImmediate);
    sendRest?.();
    const { id } = await transfer.result;
    assert.equal(readFileSync(join(rootfs(id), 'last'), 'utf8'), 'last');
  });

  it('goes on where an interrupted pull stopped', async () => {
    const layer = layerOf([file('big', randomBytes(400_000).toString('hex'))], 'none');
    fake.addImage('resume', 'v1', [layer]);
    const controller = new AbortController();
    const [digest] = [...fake.blobs].find(([, bytes]) => bytes === layer.bytes) as [string, Buffer];
    fake.intercept = (_, response, url) => {
      if (!url.pathname.endsWith(digest) || controller.signal.aborted) return false;
      response.writeHead(200, { 'content-length': layer.bytes.length });
      response.write(layer.bytes.subarray(0, 500_000));
      return true;
    };
    const part = store.layout.blob(`${digest.slice(7)}.part`);
    const transfer = pull('resume:v1', { signal: controller.signal });
    for await (const event of transfer) if (event.kind === 'layer' && (event.current ?? 0) > 0) break;
    while (!existsSync(part) || lstatSync(part).size === 0) await new Promise(setImmediate);
    controller.abort();
    await assert.rejects(transfer.result, (error: DockerliteError) => error.code === 'E_ABORTED');
    assert.ok(lstatSync(part).size > 0);
    const there = lstatSync(part).size;
    await pull('resume:v1').result;
    assert.deepEqual(fake.requests('GET', /blobs/).filter(({ url }) => url.endsWith(digest)).map(({ headers }) => headers.range), [undefined, `bytes=${there}-`]);
  });

  it('leaves a broken beginning behind when what follows does not fit', async () => {
    const layer = layerOf([file('patch', randomBytes(50_000).toString('hex'))], 'none');
    fake.addImage('patch', 'v1', [layer]);
    const [digest] = [...fake.blobs].find(([, bytes]) => bytes === layer.bytes) as [string, Buffer];
    fake.intercept = (_, response, url) => {
      if (!url.pathname.endsWith(digest)) return false;
      const bytes = Buffer.from(layer.bytes);
      bytes.write('evil', 600);
      response.end(bytes);
      return true;
    };
    await assert.rejects(pull('patch:v1').result, (error: DockerliteError) => error.code === 'E_DIGEST');
    fake.intercept = undefined;
    await pull('patch:v1').result;
  });
});
