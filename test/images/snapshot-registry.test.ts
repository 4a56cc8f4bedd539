// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DockerliteError } from '../../lib/errors';
import { discardBlob } from '../../lib/images/layer-rows';
import type { Image } from '../../lib/images/record';
import { SNAPSHOT } from '../../lib/images/snapshot/artifact';
import type { ImageManifest } from '../../lib/registry/manifest';
import { MEDIA } from '../../lib/registry/media-types';
import { Registries } from '../../lib/registry/registries';
import { ownerOf } from '../../lib/util/owner';
import { Cli } from '../helpers/cli';
import { DockerRegistry, missingPrograms } from '../helpers/docker-registry';
import { storeOf, TestEngine } from '../helpers/engine';
import { FakeRegistry, sha256 } from '../helpers/fake-registry';
import { findings } from '../helpers/findings';
import { layerOf } from '../helpers/layers';
import { listTree, withoutBlocks } from '../helpers/tree-listing';

describe('push --as-snapshot, and pulling what it pushed', function () {
  this.timeout(120_000);
  let here: TestEngine;
  let there: TestEngine;

  before(async () => {
    here = await TestEngine.create();
    there = await TestEngine.create();
  });
  after(async () => {
    await there.remove();
    await here.remove();
  });
  afterEach(async () => {
    const { id: busybox } = await there.engine.images.get('busybox');
    for (const { id } of await there.engine.images.list()) if (id !== busybox) await there.engine.images.remove(id, { force: true });
    for (const engine of [here, there]) {
      assert.deepEqual((await findings(engine.engine)).filter(({ note }) => note !== true), []);
      assert.deepEqual(readdirSync(storeOf(engine.engine).layout.tmp), []);
    }
  });

  let count = 0;
  async function commit(from: string, script: string, reference = `made${++count}:v1`): Promise<Image> {
    const container = await here.engine.containers.run({ image: from, command: ['sh', '-c', script], network: 'none' });
    assert.equal((await container.wait()).exitCode, 0);
    const image = await container.commit({ reference });
    await container.remove();
    return image;
  }
  const registries = () => ({ registries: { dockerConfig: here.loop.directory, certificates: [] } });
  const push = (name: string) => here.engine.images.push(name, { ...registries(), asSnapshot: true }).result;
  const pull = (name: string) => there.engine.images.pull(name, registries()).result;
  const tree = (engine: TestEngine, id: string) => withoutBlocks(listTree(storeOf(engine.engine).layout.imageRootfs(id)));
  const same = (id: string) => assert.deepEqual(tree(there, id), tree(here, id));
  async function manifest(name: string): Promise<ImageManifest> {
    await using all = new Registries(registries().registries);
    return (await all.manifest(name)).content as ImageManifest;
  }

  async function chain(registry: { host: string }): Promise<Image[]> {
    const repository = `${registry.host}/app`;
    const v1 = await commit('busybox', 'head -c 3000000 /dev/urandom > /large', `${repository}:v1`);
    const v2 = await commit(v1.id, 'mv /large /moved; echo two > /two', `${repository}:v2`);
    const v3 = await commit(v2.id, 'rm /two; echo three > /three', `${repository}:v3`);
    return [v1, v2, v3];
  }

  async function works(registry: { host: string }): Promise<void> {
    const repository = `${registry.host}/app`;
    const [v1, v2, v3] = (await chain(registry)) as [Image, Image, Image];
    const pushed = [];
    for (const tag of ['v1', 'v2', 'v3']) pushed.push(await push(`${repository}:${tag}`));
    const manifests = await Promise.all(['v1', 'v2', 'v3'].map((tag) => manifest(`${repository}:${tag}`)));
    assert.deepEqual(manifests.map(({ subject }) => subject?.digest), [undefined, pushed[0]?.digest, pushed[1]?.digest]);
    assert.deepEqual(manifests.map(({ config }) => config.digest), [v1, v2, v3].map(({ id }) => `sha256:${id}`));
    const sizes = manifests.map(({ layers }) => layers[0]?.size ?? 0);
    assert.ok((sizes[0] ?? 0) > 3_000_000 && (sizes[1] ?? 0) < 5_000 && (sizes[2] ?? 0) < 5_000, `only differences: ${sizes}`);
    // All of the chain, then what is missing of it.
    const all = await pull(`${repository}:v3`);
    assert.deepEqual([all.id, all.digest, all.isNew], [v3.id, pushed[2]?.digest, true]);
    for (const { id } of [v1, v2, v3]) same(id);
    assert.deepEqual((await there.engine.images.get(v3.id)).tags, [`${repository}:v3`]);
    assert.deepEqual((await there.engine.images.get(v1.id)).tags, [], 'what stands below it has no name');
    assert.equal((await pull(`${repository}:v3`)).isNew, false);
    assert.equal(await new Cli(there.root).ok('run', '--rm', '--network', 'none', `${repository}:v3`, 'cat', '/three'), 'three\n');
    await there.engine.images.remove(v3.id, { force: true });
    await there.engine.images.remove(v2.id, { force: true });
    const states: string[] = [];
    const transfer = there.engine.images.pull(`${repository}@${pushed[2]?.digest}`, registries());
    for await (const event of transfer) if (event.kind === 'layer' && event.state !== 'downloading') states.push(`${event.digest === manifests[0]?.layers[0]?.digest ? 'v1 ' : ''}${event.state}`);
    assert.deepEqual(states.filter((state) => state.startsWith('v1')), ['v1 exists']);
    assert.equal(states.filter((state) => state === 'complete').length, 2);
    same(v3.id);
    assert.deepEqual(readdirSync(storeOf(there.engine).layout.blobs), [], 'streams are not kept');
    // What was pulled is known to be in the repository, so that the next one is a difference too.
    assert.ok((await there.engine.images.get(v2.id)).digests.includes(`${repository}@${pushed[1]?.digest}`));
    // Pushed again it only gets the tag.
    await here.engine.images.tag(v2.id, `${repository}:again`);
    assert.equal((await push(`${repository}:again`)).digest, pushed[1]?.digest);
  }

  it("brings a chain of differences through Debian's docker-registry", async function () {
    if (missingPrograms('docker-registry') !== undefined) this.skip();
    await using registry = await DockerRegistry.start();
    await works(registry);
    await using all = new Registries(registries().registries);
    const { subject } = await manifest(`${registry.host}/app:v2`);
    const referrers = await all.referrers(`${registry.host}/app`, subject?.digest ?? '', SNAPSHOT.artifact);
    assert.equal(referrers.length, 1, 'what stands on v1 can be found from it');
  });

  it('brings it through a registry that lists referrers itself', async () => {
    await using registry = await FakeRegistry.start({ referrers: true });
    await works(registry);
  });

  it('stands on an image with layers that is in the repository', async () => {
    await using registry = await FakeRegistry.start();
    const name = `${registry.host}/base`;
    registry.addImage('base', 'v1', [layerOf([{ name: 'bottom', content: randomBytes(500_000).toString('hex') }])]);
    await here.engine.images.pull(`${name}:v1`, registries()).result;
    const base = await here.engine.images.get(`${name}:v1`);
    const container = await here.engine.containers.create({ image: base.id, command: ['x'], network: 'none' });
    writeFileSync(join(storeOf(here.engine).layout.containerRootfs(container.id), 'new'), 'new');
    const image = await container.commit({ reference: `${name}:v2` });
    await container.remove();
    await push(`${name}:v2`);
    const { subject, layers } = await manifest(`${name}:v2`);
    assert.equal(subject?.digest, base.digests[0]?.split('@')[1]);
    assert.ok((layers[0]?.size ?? 0) < 5_000);
    assert.equal((await pull(`${name}:v2`)).id, image.id);
    assert.notEqual(storeOf(there.engine).db.get('SELECT 1 FROM layers WHERE state = ?', 'ready'), undefined, 'the layers below came as layers');
  });

  it('pushes all of it where the repository has no relative, or has lost it', async () => {
    await using registry = await FakeRegistry.start();
    const [v1, v2] = (await chain(registry)) as [Image, Image, Image];
    await push(`${registry.host}/app:v1`);
    await here.engine.images.tag(v2.id, `${registry.host}/elsewhere:v2`);
    await push(`${registry.host}/elsewhere:v2`);
    assert.equal((await manifest(`${registry.host}/elsewhere:v2`)).subject, undefined);
    registry.manifests.clear();
    await push(`${registry.host}/app:v2`);
    assert.equal((await manifest(`${registry.host}/app:v2`)).subject, undefined);
    await pull(`${registry.host}/app:v2`);
    same(v2.id);
    assert.deepEqual((await there.engine.images.list()).filter(({ id }) => id === v1.id), []);
  });

  it('leaves a stream that another process downloads again to that one', () => {
    const { db, layout } = storeOf(there.engine);
    const hex = 'f'.repeat(64);
    const part = layout.blob(`${hex}.part`);
    mkdirSync(layout.blobs, { recursive: true });
    writeFileSync(part, 'x');
    db.run("INSERT INTO blobs (hex, state, owner, size, media_type) VALUES (?, 'partial', ?, 1, '')", hex, ownerOf(process.ppid));
    discardBlob(storeOf(there.engine), hex);
    assert.ok(existsSync(part));
    db.run("UPDATE blobs SET owner = '' WHERE hex = ?", hex);
    discardBlob(storeOf(there.engine), hex);
    assert.ok(!existsSync(part) && db.get('SELECT 1 FROM blobs WHERE hex = ?', hex) === undefined);
  });

  it('is pulled by several at once', async () => {
    await using registry = await FakeRegistry.start();
    const [, , v3] = (await chain(registry)) as [Image, Image, Image];
    for (const tag of ['v1', 'v2', 'v3']) await push(`${registry.host}/app:${tag}`);
    const name = `${registry.host}/app:v3`;
    const cli = new Cli(there.root);
    const pulled = await Promise.all([pull(name), pull(name), cli.ok('pull', '-q', name), cli.ok('pull', '-q', name)]);
    assert.deepEqual(pulled, [{ ...pulled[0], id: v3.id }, { ...pulled[1], id: v3.id }, `${name}\n`, `${name}\n`]);
    same(v3.id);
  });

  it('by the command line', async () => {
    await using registry = await FakeRegistry.start();
    await commit('busybox', 'echo cli > /cli', `${registry.host}/cli:v1`);
    const printed = await new Cli(here.root).ok('push', '--as-snapshot', `${registry.host}/cli:v1`);
    assert.match(printed, /^v1: digest: sha256:[0-9a-f]{64} size: \d+$/m);
    assert.match(printed, /^[0-9a-f]{12}: Pushed$/m);
    const pulled = await new Cli(there.root).ok('pull', `${registry.host}/cli:v1`);
    assert.match(pulled, /^[0-9a-f]{12}: Pull complete$/m);
    assert.match(pulled, new RegExp(`^Status: Downloaded newer image for ${registry.host}/cli:v1$`, 'm'));
  });

  describe('from a registry that lies', () => {
    let registry: FakeRegistry;
    let image: Image;
    beforeEach(async () => {
      registry = await FakeRegistry.start();
      image = await commit('busybox', 'echo true > /file', `${registry.host}/app:v1`);
      await push(`${registry.host}/app:v1`);
    });
    afterEach(() => registry.stop());

    /** What the tag names, changed. */
    async function replace(change: (json: Record<string, unknown> & { layers: Record<string, unknown>[]; config: Record<string, unknown> }) => void): Promise<void> {
      const entry = registry.manifests.get('app:v1');
      const json = JSON.parse(String(entry?.raw)) as Parameters<typeof change>[0];
      change(json);
      registry.addManifest('app', 'v1', json, MEDIA.ociManifest);
    }
    const put = (bytes: Buffer) => registry.addBlob('app', bytes);
    const refused = (code: string, message: RegExp) => assert.rejects(pull(`${registry.host}/app:v1`), (error: DockerliteError) => error.code === code && message.test(error.message), code);
    const nothing = async () => assert.deepEqual((await there.engine.images.list()).filter(({ id }) => id === image.id), []);

    it('a stream that is another one', async () => {
      const { layers } = await manifest(`${registry.host}/app:v1`);
      const digest = layers[0]?.digest as string;
      const bytes = Buffer.from(registry.blobs.get(digest) as Buffer);
      // The padding after a compressed stream changes its digest alone.
      registry.blobs.set(digest, Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]));
      await assert.rejects(pull(`${registry.host}/app:v1`), (error: DockerliteError) => ['E_DIGEST', 'E_ARCHIVE'].includes(error.code));
      await nothing();
      registry.blobs.set(digest, bytes);
      await pull(`${registry.host}/app:v1`);
      same(image.id);
    });

    it('a whole stream under a digest that is not its own', async () => {
      const plain = randomBytes(10);
      const { layers } = await manifest(`${registry.host}/app:v1`);
      const bytes = registry.blobs.get(layers[0]?.digest as string) as Buffer;
      const other = Buffer.concat([bytes, Buffer.alloc(16)]);
      const { digest, size } = put(plain);
      await replace((json) => (json.layers[0] = { ...json.layers[0], digest, size: other.length }));
      registry.blobs.set(digest, other);
      assert.notEqual(size, other.length);
      await refused('E_DIGEST', /digest verification failed/);
      await nothing();
    });

    it('the stream of another image', async () => {
      await replace((json) => (json.config = { ...json.config, ...put(Buffer.from('{}')) }));
      await refused('E_DIGEST', /it is image/);
      await nothing();
    });

    it('two images in one stream', async () => {
      const { layers } = await manifest(`${registry.host}/app:v1`);
      const bytes = registry.blobs.get(layers[0]?.digest as string) as Buffer;
      await replace((json) => (json.layers[0] = { ...json.layers[0], ...put(Buffer.concat([bytes, bytes])) }));
      await refused('E_ARCHIVE', /more than one image/);
      await nothing();
    });

    it('names that are not the one that was pulled', async () => {
      const path = join(here.loop.directory, 'named');
      await here.engine.images.tag(image.id, 'busybox:stolen');
      await here.engine.images.send(image.id, { path }).result;
      await here.engine.images.remove('busybox:stolen');
      await replace((json) => (json.layers[0] = { ...json.layers[0], ...put(gzipSync(readFileSync(path))) }));
      await pull(`${registry.host}/app:v1`);
      assert.deepEqual((await there.engine.images.get(image.id)).tags, [`${registry.host}/app:v1`]);
    });

    it('a parent that it does not have, and one that is no image', async () => {
      const subject = (bytes: Buffer) => ({ mediaType: MEDIA.ociManifest, digest: sha256(bytes), size: bytes.length });
      await replace((json) => (json['subject'] = subject(Buffer.from('nothing'))));
      await refused('E_NOT_FOUND', /manifest/);
      const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [] }));
      registry.addManifest('app', undefined, JSON.parse(String(index)) as object, MEDIA.ociIndex);
      await replace((json) => (json['subject'] = subject(index)));
      await refused('E_UNSUPPORTED', /not that of an image/);
      await nothing();
    });

    it('no stream, two, and one of an unknown kind', async () => {
      await replace((json) => (json.layers = []));
      await refused('E_REGISTRY', /one stream, not 0/);
      await replace((json) => (json.layers = [{ mediaType: SNAPSHOT.stream, ...put(Buffer.from('a')) }, { mediaType: SNAPSHOT.stream, ...put(Buffer.from('b')) }]));
      await refused('E_REGISTRY', /one stream, not 2/);
      await replace((json) => (json.layers = [{ mediaType: 'application/vnd.dockerlite.snapshot.stream.v9', ...put(Buffer.from('a')) }]));
      await refused('E_UNSUPPORTED', /unknown kind/);
    });
  });
});
