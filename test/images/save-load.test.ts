// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerliteError } from '../../lib/errors';
import { MEDIA } from '../../lib/registry/media-types';
import type { Store } from '../../lib/store/store';
import { Cli } from '../helpers/cli';
import { missingPrograms } from '../helpers/docker-registry';
import { storeOf, TestEngine } from '../helpers/engine';
import { sha256 } from '../helpers/fake-registry';
import { findings } from '../helpers/findings';
import { layerOf } from '../helpers/layers';
import { listTree, withoutBlocks } from '../helpers/tree-listing';

describe('save and load', function () {
  this.timeout(120_000);
  let test: TestEngine;
  let other: TestEngine;
  let store: Store;
  let directory: string;

  before(async () => {
    test = await TestEngine.create();
    other = await TestEngine.create();
    store = storeOf(test.engine);
    directory = mkdtempSync(join(test.loop.directory, 'archives-'));
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', 'echo changed > /changed; rm /etc/group'], network: 'none' });
    await container.wait();
    await container.commit({ reference: 'changed:v1' });
    await container.remove();
    await test.engine.images.tag('changed:v1', 'registry.example:5000/changed:v2');
  });
  after(async () => {
    await other.remove();
    await test.remove();
  });
  afterEach(async () => {
    for (const engine of [test.engine, other.engine]) assert.deepEqual((await findings(engine)).filter(({ note }) => note !== true), []);
    for (const { id } of await other.engine.images.list()) if (id !== (await other.engine.images.get('busybox')).id && id !== (await other.engine.images.get('empty')).id) await other.engine.images.remove(id, { force: true });
  });

  const tree = (engine: TestEngine, id: string) => withoutBlocks(listTree(storeOf(engine.engine).layout.imageRootfs(id)));
  const load = (path: string, engine = other) => engine.engine.images.load({ path }).result;
  const save = async (...names: string[]) => {
    const path = join(directory, `${names.join('-').replace(/[/:]/g, '_')}.tar`);
    await test.engine.images.save(names, { path });
    return path;
  };
  const skopeo = (...args: string[]) => execFileSync('skopeo', ['--insecure-policy', 'copy', '-q', ...args]);

  it('brings images to another store, with all their names and the same content', async () => {
    const path = await save('changed:v1', 'registry.example:5000/changed:v2', 'empty');
    const loaded = await load(path);
    assert.deepEqual(loaded.map(({ tags }) => tags), [['changed:v1', 'registry.example:5000/changed:v2'], ['empty:latest']]);
    assert.deepEqual(tree(other, loaded[0]?.id as string), tree(test, (await test.engine.images.get('changed:v1')).id));
    const again = await load(path);
    assert.deepEqual(again.map(({ id }) => id), loaded.map(({ id }) => id));
  });

  it('is byte for byte what it was when it is saved again, as far as the image goes', async () => {
    const manifestOf = (path: string) => (JSON.parse(execFileSync('tar', ['-xOf', path, 'index.json'], { encoding: 'utf8' })) as { manifests: { digest: string }[] }).manifests[0]?.digest;
    const path = await save('changed:v1');
    const [loaded] = await load(path);
    const back = join(directory, 'back.tar');
    await other.engine.images.save([loaded?.id as string], { path: back });
    assert.equal(manifestOf(back), manifestOf(path));
  });

  it('by the command line, through a pipe', async () => {
    const saved = await new Cli(test.root).run('save', 'changed:v1');
    assert.equal(saved.status, 0, saved.stderr);
    const { status, stdout } = await new Cli(other.root).runWith({ input: saved.raw }, 'load');
    assert.deepEqual([status, stdout], [0, 'Loaded image: changed:v1\n']);
    assert.equal((await new Cli(other.root).run('run', '--rm', '--network', 'none', 'changed:v1', 'cat', '/changed')).stdout, 'changed\n');
    const file = join(directory, 'cli.tar');
    await new Cli(test.root).ok('save', '-o', file, (await test.engine.images.get('changed:v1')).id);
    assert.match(await new Cli(other.root).ok('load', '-q', '-i', file), /^Loaded image ID: sha256:[0-9a-f]{64}\n$/);
    assert.equal((await new Cli(other.root).run('load', '-i', '/no/such')).status, 1);
    assert.match((await new Cli(test.root).run('save', 'nosuch')).stderr, /No such image: nosuch/);
  });

  describe('with skopeo', () => {
    before(function () {
      const missing = missingPrograms('skopeo');
      if (missing === undefined) return;
      console.log(`      ${missing}`);
      this.skip();
    });

    it('reads what we save, as OCI and as Docker format', async () => {
      const path = await save('changed:v1');
      for (const from of [`oci-archive:${path}`, `docker-archive:${path}`]) {
        const target = mkdtempSync(join(directory, 'dir-'));
        skopeo(from, `dir:${target}`);
        const { config } = JSON.parse(readFileSync(join(target, 'manifest.json'), 'utf8')) as { config: { digest: string } };
        assert.equal(config.digest, (JSON.parse(store.db.get<{ manifest: string }>("SELECT manifest FROM images JOIN tags ON image = id WHERE name = 'changed:v1'")?.manifest as string) as { config: { digest: string } }).config.digest, from);
      }
    });

    it('writes what we load, as OCI and as Docker format', async () => {
      const path = await save('changed:v1');
      const expected = tree(test, (await test.engine.images.get('changed:v1')).id);
      for (const [index, to] of ['oci-archive', 'docker-archive'].entries()) {
        const target = join(directory, `skopeo${index}.tar`);
        skopeo(`oci-archive:${path}`, `${to}:${target}:registry.example/skopeo:v${index}`);
        const [loaded] = await load(target);
        assert.deepEqual(loaded?.tags, [`registry.example/skopeo:v${index}`]);
        assert.deepEqual(tree(other, loaded?.id as string), expected);
      }
    });
  });

  /** A layout with one image, which `change` may spoil. */
  function layout(change: (root: string) => void): string {
    const root = mkdtempSync(join(directory, 'layout-'));
    mkdirSync(join(root, 'blobs/sha256'), { recursive: true });
    const put = (bytes: Buffer, mediaType: string) => {
      writeFileSync(join(root, 'blobs', sha256(bytes).replace(':', '/')), bytes);
      return { mediaType, digest: sha256(bytes), size: bytes.length };
    };
    const layer = layerOf([{ name: 'file', content: 'x' }]);
    const config = put(Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [layer.diffId] } })), MEDIA.ociConfig);
    const manifest = put(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers: [put(layer.bytes, MEDIA.ociLayerGzip)] })), MEDIA.ociManifest);
    writeFileSync(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(root, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'latest' } }] }));
    change(root);
    const path = `${root}.tar`;
    execFileSync('tar', ['-C', root, '-cf', path, '.']);
    rmSync(root, { recursive: true });
    return path;
  }
  const blobs = (root: string) => execFileSync('ls', [join(root, 'blobs/sha256')], { encoding: 'utf8' }).trim().split('\n').map((name) => join(root, 'blobs/sha256', name));

  it('loads a layout whose image has no name', async () => {
    assert.deepEqual((await load(layout(() => undefined))).map(({ tags }) => tags), [[]]);
  });

  const hostile: [string, (root: string) => void, DockerliteError['code'][]][] = [
    ['a blob that is a link to a file of the host', (root) => { for (const path of blobs(root)) { rmSync(path); symlinkSync('/etc/passwd', path); } }, ['E_ARCHIVE']],
    ['blobs that are a directory of the host', (root) => { rmSync(join(root, 'blobs'), { recursive: true }); symlinkSync('/usr', join(root, 'blobs')); }, ['E_ARCHIVE']],
    ['blobs that are something else', (root) => blobs(root).forEach((path) => writeFileSync(path, '{}')), ['E_DIGEST']],
    ['a blob that is a directory', (root) => blobs(root).forEach((path) => { rmSync(path); mkdirSync(path); }), ['E_ARCHIVE']],
    ['a blob that is a FIFO', (root) => blobs(root).forEach((path) => { rmSync(path); execFileSync('mkfifo', [path]); }), ['E_ARCHIVE']],
    ['no blobs', (root) => blobs(root).forEach((path) => rmSync(path)), ['E_ARCHIVE']],
    ['no index', (root) => rmSync(join(root, 'index.json')), ['E_ARCHIVE']],
    ['an index of 5 MB', (root) => writeFileSync(join(root, 'index.json'), ' '.repeat(5_000_000)), ['E_ARCHIVE']],
    ['neither format', (root) => rmSync(join(root, 'oci-layout')), ['E_ARCHIVE']],
    ['a Docker manifest that names files of the host', (root) => { rmSync(join(root, 'oci-layout')); writeFileSync(join(root, 'manifest.json'), '[{"Config":"../../../../../../etc/hostname","Layers":[]}]'); }, ['E_ARCHIVE']],
    ['a Docker manifest that is no list', (root) => { rmSync(join(root, 'oci-layout')); writeFileSync(join(root, 'manifest.json'), '{"Config":"x"}'); }, ['E_ARCHIVE']],
    ['a Docker manifest with numbers for names', (root) => { rmSync(join(root, 'oci-layout')); writeFileSync(join(root, 'manifest.json'), '[{"Config":1,"Layers":[2]}]'); }, ['E_ARCHIVE']],
  ];
  for (const [what, change, codes] of hostile) {
    it(`refuses an archive with ${what}`, async () => {
      await assert.rejects(load(layout(change)), (error: DockerliteError) => {
        assert.ok(codes.includes(error.code), `${error.code}: ${error.stack}`);
        return true;
      });
    });
  }
});
