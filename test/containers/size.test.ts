// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quotaEnable } from '../../lib/binding/quota';
import { filesBelow, sumSizes } from '../../lib/util/file-sizes';
import { TestEngine } from '../helpers/engine';

describe('the size of', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const ran = async (script: string, more = {}) => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', script], network: 'none', ...more });
    await container.start();
    await container.wait();
    return container;
  };

  it('a container: what it added and changed, a file with two names once', async () => {
    const { size: image } = await test.engine.images.get('busybox');
    const fresh = await test.engine.containers.create({ image: 'busybox', network: 'none' });
    const first = await fresh.inspect({ size: true });
    assert.deepEqual([first.SizeRw, first.SizeRootFs], [0, image]);
    assert.equal('SizeRw' in (await fresh.inspect()), false);
    const container = await ran('head -c 1000 /dev/zero > /new; ln /new /second; ln -s /etc/passwd /link; echo >> /etc/group; rm /etc/passwd; mkdir -p /a/b; head -c 50 /dev/zero > "/a/b/$(printf "\\377")"');
    const group = (await container.stat('/etc/group')).size;
    const { SizeRw, SizeRootFs } = await container.inspect({ size: true });
    assert.equal(SizeRw, 1000 + '/etc/passwd'.length + group + 50);
    assert.equal(SizeRootFs, image + SizeRw);
    const sizes = await test.engine.containers.list({ all: true, size: true });
    assert.deepEqual(sizes.map(({ id, size }) => [id, size.rw]), [[container.id, SizeRw], [fresh.id, 0]]);
    assert.equal((await test.engine.containers.list({ all: true })).some((one) => 'size' in one), false);
    assert.deepEqual(readdirSync(join(test.root, 'tmp')), []);
  });

  it('one whose image is gone: all of it', async () => {
    const other = await (await ran('true')).commit({ reference: 'other' });
    const container = await test.engine.containers.create({ image: 'other', network: 'none' });
    await test.engine.images.remove(other.id, { force: true });
    const { SizeRw, SizeRootFs } = await container.inspect({ size: true });
    assert.ok((SizeRw ?? 0) > 1_000_000);
    assert.equal(SizeRw, SizeRootFs);
    await container.remove();
  });

  it('a container where the file system counts: what that takes on the disk', async () => {
    await using own = await TestEngine.create({ mebibytes: 1024 });
    await quotaEnable(own.root);
    const container = await own.engine.containers.create({ image: 'busybox', command: ['sh', '-c', 'head -c 5000000 /dev/urandom > /x; sync'], network: 'none' });
    await container.start();
    await container.wait();
    const { SizeRw = 0, SizeRootFs = 0 } = await container.inspect({ size: true });
    assert.ok(SizeRw >= 5_000_000 && SizeRw < 5_500_000, String(SizeRw));
    assert.equal(SizeRootFs - SizeRw, (await own.engine.images.get('busybox')).size);
    const second = await own.engine.containers.create({ image: 'busybox', network: 'none' });
    const sizes = await own.engine.containers.list({ all: true, size: true });
    assert.deepEqual(sizes.map(({ id }) => id), [second.id, container.id]);
    assert.ok((sizes[0]?.size.rw ?? 0) < 100_000, String(sizes[0]?.size.rw));
    assert.ok((await own.engine.containers.prune()).reclaimed >= SizeRw);
  });

  it('a tree, with links that lead out of it', async () => {
    const root = join(test.loop.directory, 'tree');
    mkdirSync(join(root, 'a/b'), { recursive: true });
    writeFileSync(join(root, 'a/b/x'), 'x'.repeat(10));
    symlinkSync('/', join(root, 'a/host'));
    symlinkSync('..', join(root, 'a/b/up'));
    const files = await filesBelow(Buffer.from(root));
    assert.equal(files.length, 3);
    assert.equal(await sumSizes(files), 10 + 1 + 2);
    assert.equal(await sumSizes([Buffer.from('/no/such/file')]), 0);
  });

  it('everything in the store', async () => {
    await test.engine.volumes.create({ name: 'data' });
    await test.engine.volumes.create({ name: 'idle' });
    const container = await ran('head -c 700 /dev/zero > /data/x', { mounts: ['data:/data'], name: 'user' });
    const image = await container.commit({ reference: 'child' });
    const { images, imagesSize, containers, volumes } = await test.engine.diskUsage();
    assert.deepEqual(volumes.map(({ name, size, uses }) => [name, size, uses]), [['data', 700, 1], ['idle', 0, 0]]);
    const busybox = images.find(({ tags }) => tags.includes('busybox:latest'));
    const child = images.find(({ id }) => id === image.id);
    assert.equal(busybox?.sharedSize, busybox?.size);
    assert.equal(child?.sharedSize, busybox?.size);
    assert.equal(child?.containers, 0);
    assert.equal(busybox?.containers, containers.length);
    const roots = images.filter(({ parent }) => parent === '');
    assert.equal(imagesSize, roots.reduce((sum, { size }) => sum + size, 0) + (child?.size ?? 0) - (busybox?.size ?? 0));
    assert.ok(containers.every(({ size }) => size.rootFs >= size.rw));
  });
});
