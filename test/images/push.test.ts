// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as btrfs from '../../lib/binding/btrfs';
import { discardLayer } from '../../lib/images/layer-rows';
import type { Store } from '../../lib/store/store';
import { buildBusyboxRootfs } from '../helpers/busybox';
import { missingPrograms } from '../helpers/docker-registry';
import { storeOf, TestEngine } from '../helpers/engine';
import { FakeRegistry, sha256 } from '../helpers/fake-registry';
import { findings } from '../helpers/findings';
import { layerOf, layerOfDirectory } from '../helpers/layers';
import { IMPATIENT } from '../helpers/registry-client';
import { listTree, withoutBlocks } from '../helpers/tree-listing';

/** What people, and nobody in his right mind, do in a container. */
const SCRIPT = `set -e
echo new > /new; echo changed >> /etc/passwd; rm /etc/group; chmod 4755 /bin/busybox
mkdir -p /made/deep/er; echo x > /made/deep/er/file; ln /made/deep/er/file /made/hard; ln -s ../new /made/soft
mv /lower/moved /lower/elsewhere; echo more > /lower/elsewhere/added; rm /lower/elsewhere/inner
rm -r /lower/replaced; mkdir /lower/replaced; echo fresh > /lower/replaced/fresh
rm -r /lower/nowfile; echo file > /lower/nowfile; rm /lower/nowdir; mkdir /lower/nowdir; echo in > /lower/nowdir/in
rm -r /lower/gone; mknod /made/fifo p; mknod /made/device c 1 3; chown 1000:70000 /new; chmod 700 /home
mv /lower/swap1 /lower/tmp; mv /lower/swap2 /lower/swap1; mv /lower/tmp /lower/swap2
touch -d '2001-02-03 04:05:06' /made/deep /new; ln /lower/keep /lower/keep2
`;

const LOWER = ['moved/inner', 'moved/deep/x', 'replaced/old', 'nowfile/y', 'nowdir', 'gone/z', 'swap1/one', 'swap2/two', 'keep'];

describe('pushing images', () => {
  let test: TestEngine;
  let store: Store;
  let fake: FakeRegistry;

  before(async () => {
    test = await TestEngine.create();
    store = storeOf(test.engine);
    fake = await FakeRegistry.start();
  });
  after(async () => {
    await fake.stop();
    await test.remove();
  });
  afterEach(async () => assert.deepEqual((await findings(test.engine)).filter(({ note }) => note !== true), []));

  const options = () => ({ registries: { dockerConfig: test.loop.directory, certificates: [], patience: IMPATIENT } });
  const push = (name: string) => test.engine.images.push(`${fake.host}/${name}`, options()).result;
  const pull = (name: string, engine = test.engine) => engine.images.pull(`${fake.host}/${name}`, options()).result;
  const manifest = (name: string) => JSON.parse(fake.manifests.get(name)?.raw.toString() ?? '') as { config: { digest: string }; layers: { digest: string; size: number }[] };

  async function changed(image: string, script: string): Promise<string> {
    const container = await test.engine.containers.run({ image, command: ['sh', '-c', script], network: 'none', privileged: true });
    const { exitCode } = await container.wait();
    assert.equal(exitCode, 0);
    const { id } = await container.commit({ reference: `${fake.host}/ours:v1` });
    await container.remove();
    return id;
  }

  /** The tree of an image as a program that is not ours makes it of the layers. */
  async function unpackedByUmoci(name: string) {
    const layout = join(test.loop.directory, 'umoci');
    mkdirSync(layout);
    await test.engine.images.save([name], { path: `${layout}.tar` });
    execFileSync('tar', ['-C', layout, '-xf', `${layout}.tar`]);
    execFileSync('umoci', ['unpack', '--image', `${layout}:v1`, `${layout}/bundle`], { stdio: 'ignore' });
    return withoutBlocks(listTree(`${layout}/bundle/rootfs`));
  }

  it('pushes what was pulled with the manifest it came with', async () => {
    const { digest } = fake.addImage('from', 'v1', [layerOf([{ name: 'a', content: 'a' }]), layerOf([{ name: 'b', content: 'b' }], 'zstd')]);
    await pull('from:v1');
    await test.engine.images.tag(`${fake.host}/from:v1`, `${fake.host}/to:v2`);
    assert.deepEqual(await push('to:v2'), { digest, size: fake.manifests.get('from:v1')?.raw.length });
    assert.ok(fake.manifests.get('to:v2')?.raw.equals(fake.manifests.get('from:v1')?.raw as Buffer));
  });

  it('pushes layers that came compressed in another way before, under a manifest that says so', async () => {
    const entries = [{ name: 'same', content: 'same' }];
    fake.addImage('gz', 'v1', [layerOf(entries)]);
    fake.addImage('zst', 'v1', [layerOf(entries, 'zstd')], { author: 'another' });
    await pull('gz:v1');
    await pull('zst:v1');
    await test.engine.images.tag(`${fake.host}/zst:v1`, `${fake.host}/mixed:v1`);
    await push('mixed:v1');
    assert.equal(manifest('mixed:v1').layers[0]?.digest, manifest('gz:v1').layers[0]?.digest);
    assert.equal(manifest('mixed:v1').config.digest, manifest('zst:v1').config.digest);
    for (const { digest } of [...manifest('mixed:v1').layers, manifest('mixed:v1').config]) assert.ok(fake.links.has(`mixed@${digest}`));
  });

  it('leaves no connection behind, nor does a pull', async () => {
    fake.addImage('gz', 'v2', [layerOf([{ name: 'a', content: 'a' }])]);
    const port = Number(new URL(fake.url).port).toString(16).toUpperCase().padStart(4, '0');
    // Local and remote address, 01 is ESTABLISHED.
    const open = () => readFileSync('/proc/self/net/tcp', 'utf8').match(new RegExp(`: \\S+ \\S+:${port} 01 `, 'g'))?.length ?? 0;
    await pull('gz:v2');
    assert.equal(open(), 0, 'of the pull');
    await test.engine.images.tag(`${fake.host}/gz:v2`, `${fake.host}/again:v2`);
    await push('again:v2');
    assert.equal(open(), 0, 'of the push');
  });

  it('pushes what was imported as one layer', async () => {
    await test.engine.images.tag('busybox', `${fake.host}/imported:v1`);
    await push('imported:v1');
    const [layer] = manifest('imported:v1').layers;
    const tar = gunzipSync(fake.blobs.get(layer?.digest as string) as Buffer);
    const config = JSON.parse(fake.blobs.get(manifest('imported:v1').config.digest)?.toString() ?? '') as { rootfs: { diff_ids: string[] }; history: unknown[] };
    assert.deepEqual(config.rootfs.diff_ids, [sha256(tar)]);
    assert.equal(config.history.length, 1);
  });

  it('pushes what was committed as a layer of the changes, which gives the same tree elsewhere', async () => {
    const directory = buildBusyboxRootfs(join(test.loop.directory, 'base'));
    for (const name of LOWER) {
      mkdirSync(join(directory, 'lower', name, '..'), { recursive: true });
      execFileSync('sh', ['-c', 'echo "$1" > "$2"', 'sh', name, join(directory, 'lower', name)]);
    }
    fake.addImage('base', 'v1', [layerOfDirectory(directory)]);
    await pull('base:v1');
    const id = await changed(`${fake.host}/base:v1`, SCRIPT);
    const { digest } = await push('ours:v1');
    const { layers } = manifest('ours:v1');
    assert.equal(layers[0]?.digest, manifest('base:v1').layers[0]?.digest, 'the base is as it was');
    assert.equal(layers.length, 2);

    await using other = await TestEngine.create();
    const there = await pull('ours:v1', other.engine);
    assert.equal(there.digest, digest);
    const theirs = withoutBlocks(listTree(storeOf(other.engine).layout.imageRootfs(there.id)));
    const ours = withoutBlocks(listTree(store.layout.imageRootfs(id)));
    assert.deepEqual(theirs, ours);

    assert.equal((await push('ours:v1')).digest, digest, 'the same again');
    if (missingPrograms('umoci') === undefined) assert.deepEqual(await unpackedByUmoci(`${fake.host}/ours:v1`), ours);
  }).timeout(120_000);

  it('sends what it has just made without looking for it, and knows it by the time the registry does', async () => {
    await test.engine.images.tag('busybox', `${fake.host}/below:v1`);
    await push('below:v1');
    await changed('busybox', 'echo new > /new');
    const sent = fake.log.length;
    let chain: string | undefined;
    fake.intercept = ({ method }, _response, { pathname }) => {
      if (method === 'PUT' && /manifests/.test(pathname)) chain = store.db.get<{ chain: string }>("SELECT chain FROM images JOIN tags ON image = id WHERE name = ?", `${fake.host}/ours:v1`)?.chain;
      return false;
    };
    await push('ours:v1');
    fake.intercept = undefined;
    assert.match(chain ?? '', /^[0-9a-f]{64}$/);
    const { config, layers } = manifest('ours:v1');
    const asked = (digest: string) => fake.log.slice(sent).some(({ method, url }) => method === 'HEAD' && url.endsWith(digest));
    assert.deepEqual([config, ...layers].map(({ digest }) => asked(digest)), [false, ...layers.map((_, index) => index < layers.length - 1)]);
    const again = fake.log.length;
    await push('ours:v1');
    assert.deepEqual(fake.log.slice(again).filter(({ method }) => method !== 'HEAD' && method !== 'GET').map(({ url }) => url.split('/').at(-2)), ['manifests']);
    await test.engine.images.remove(`${fake.host}/ours:v1`);
  });

  it('keeps nothing of a layer whose tree cannot be kept, and makes it when that is possible', async () => {
    const id = await changed('busybox', 'echo kept > /kept');
    const { digest } = await push('ours:v1');
    const row = () => store.db.get<{ chain: string; state: string }>('SELECT chain, layers.state FROM images JOIN tags ON tags.image = images.id JOIN layers ON chain_id = chain WHERE tags.name = ?', `${fake.host}/ours:v1`);
    const { chain } = row() as { chain: string };
    store.db.run("UPDATE images SET chain = '', raw_config = '', manifest = '' WHERE chain = ?", chain);
    await discardLayer(store, chain);
    mkdirSync(store.layout.layer(chain));
    await btrfs.snapshotCreate(store.layout.imageRootfs(id), store.layout.layer(chain), 'rootfs', true);
    await assert.rejects(push('ours:v1'), { message: /File exists/ });
    assert.equal(store.db.get('SELECT state FROM layers WHERE chain_id = ?', chain), undefined);
    assert.equal((await push('ours:v1')).digest, digest);
    assert.equal(row()?.state, 'ready');
    await test.engine.images.remove(`${fake.host}/ours:v1`);
  });

  it('sends of a small change in a large image the change alone', async () => {
    const base = await changed('busybox', 'dd if=/dev/urandom of=/big bs=1M count=8 2>/dev/null');
    const id = await changed(base, 'echo small > /small');
    await push('ours:v1');
    const sizes = manifest('ours:v1').layers.map(({ size }) => size);
    assert.equal(sizes.length, 3);
    assert.ok((sizes[2] as number) < 2000, String(sizes));
    assert.equal(readFileSync(join(store.layout.imageRootfs(id), 'small'), 'utf8'), 'small\n');
    await test.engine.images.remove(`${fake.host}/ours:v1`);
  });
});
