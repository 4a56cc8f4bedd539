// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import type { Container } from '../../lib/containers/container';
import { readAll, TestEngine } from '../helpers/engine';

describe('copying into and out of a container', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const create = (script = 'true'): Promise<Container> =>
    test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', script], network: 'none' });
  const ran = async (script: string): Promise<Container> => {
    const container = await create(script);
    await container.start();
    assert.equal((await container.wait()).exitCode, 0);
    return container;
  };
  const path = async (container: Container, name: string) => join((await container.inspect()).GraphDriver.Data.Subvolume, name);

  /** A tar of files by name, as GNU tar writes it. */
  const tarOf = (files: Record<string, string>): Buffer => {
    const directory = join(test.loop.directory, `tar-${Object.keys(files).join('-').replaceAll('/', '_')}`);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(directory, name, '..'), { recursive: true });
      writeFileSync(join(directory, name), content);
    }
    return execFileSync('tar', ['-C', directory, '-c', ...new Set(Object.keys(files).map((name) => name.split('/')[0] as string))], { maxBuffer: 1 << 24 });
  };

  /** Everything copied out, and its names as GNU tar reads them. */
  const copiedOut = async (container: Container, from: string, options = {}): Promise<{ tar: Buffer; names: string[] }> => {
    const target = new PassThrough();
    const chunks: Buffer[] = [];
    target.on('data', (chunk: Buffer) => chunks.push(chunk));
    await container.copyOut(from, target, options);
    const tar = Buffer.concat(chunks);
    return { tar, names: execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' }).trimEnd().split('\n') };
  };

  it('moves a tree from one to another as it is', async () => {
    const from = await ran('mkdir -p /data/sub; echo one > /data/one; chown 1:50 /data/one; chmod 4750 /data/one; ln /data/one /data/two; ln -s one /data/link');
    const { tar, names } = await copiedOut(from, '/data');
    assert.deepEqual(names.sort(), ['data/', 'data/link', 'data/one', 'data/sub/', 'data/two']);
    const to = await create('stat -c "%u:%g %a %h %n" /srv/data/one; readlink /srv/data/link; cat /srv/data/two');
    await assert.rejects(to.copyIn(Readable.from([tar]), '/srv'), { code: 'E_NOT_FOUND' });
    mkdirSync(await path(to, 'srv'));
    await to.copyIn(Readable.from([tar]), '/srv');
    const attachment = await to.start({ attach: {} });
    assert.equal(await readAll(attachment.stdout), '1:50 4750 2 /srv/data/one\none\none\n');
  });

  it('reaches a running container', async () => {
    const container = await create('until [ -e /tmp/go ]; do usleep 1000; done; cat /tmp/go');
    const attachment = await container.start({ attach: {} });
    await container.copyIn(Readable.from([tarOf({ go: 'now\n' })]), '/tmp');
    assert.equal(await readAll(attachment.stdout), 'now\n');
  });

  it('tells what is at a path', async () => {
    const container = await ran('echo 12345 > /root/file; ln -s /root/file /root/link; ln -s /root /root/self; mkfifo /root/fifo');
    assert.deepEqual(await container.stat('/root/file').then(({ name, size, mode }) => [name, size, mode.toString(8)]), ['file', 6, '100644']);
    assert.equal((await container.stat('/root/link')).linkTarget, '/root/file');
    assert.equal((await container.stat('/root/self/')).mode & 0o170000, 0o040000);
    assert.equal((await container.stat('/root/fifo')).mode & 0o170000, 0o010000);
    assert.equal((await container.stat('/')).name, '/');
    const { Name } = await container.inspect();
    await assert.rejects(container.stat('/no/such'), { code: 'E_NOT_FOUND', message: `Could not find the file /no/such in container ${Name.slice(1)}` });
  });

  it('gives the top another name, or what a link leads to, when asked', async () => {
    const container = await ran('mkdir /dir; echo x > /dir/file; ln -s dir /link; ln -s dir/file /filelink');
    assert.deepEqual((await copiedOut(container, '/dir', { rename: 'other' })).names, ['other/', 'other/file']);
    assert.deepEqual((await copiedOut(container, '/link')).names, ['link']);
    assert.deepEqual((await copiedOut(container, '/link', { followLink: true })).names, ['link/', 'link/file']);
    assert.deepEqual((await copiedOut(container, '/filelink', { followLink: true })).names, ['filelink']);
    assert.deepEqual((await copiedOut(container, '/dir/', { rename: '' })).names, ['./', 'file']);
  });

  it('never leaves the tree, whatever links a container made', async () => {
    const container = await ran('echo inside > /etc/passwd; ln -s /etc /evil; ln -s ../../../../../../../../etc /up; ln -s /proc/self/root /magic');
    const secret = readFileSync('/etc/passwd');
    for (const link of ['/evil/passwd', '/up/passwd', '/evil/../../../etc/passwd', '../../../etc/passwd']) {
      const { tar } = await copiedOut(container, link);
      assert.equal(execFileSync('tar', ['-xO'], { input: tar, encoding: 'utf8' }), 'inside\n', link);
    }
    const planted = `planted-${process.pid}`;
    for (const directory of ['/evil', '/up', '/evil/../../../etc']) await container.copyIn(Readable.from([tarOf({ [planted]: 'x' })]), directory);
    assert.ok(!existsSync(`/etc/${planted}`));
    assert.ok(existsSync(await path(container, `etc/${planted}`)));
    await assert.rejects(container.copyIn(Readable.from([tarOf({ [planted]: 'x' })]), '/magic'), { code: 'E_NOT_FOUND' });
    assert.deepEqual(readFileSync('/etc/passwd'), secret);
  });

  it('does not unpack through a link of the container', async () => {
    const outside = join(test.loop.directory, 'outside');
    mkdirSync(outside);
    const container = await create();
    symlinkSync(outside, await path(container, 'tmp/d'));
    // The link is replaced, or the entry refused: what it points to stays as it was.
    await container.copyIn(Readable.from([tarOf({ 'd/file': 'x' })]), '/tmp').catch(() => undefined);
    assert.ok(!existsSync(join(outside, 'file')));
  });

  it('needs a directory to unpack into', async () => {
    const container = await ran('ln -s /etc/passwd /link');
    const tar = tarOf({ file: 'x' });
    await assert.rejects(container.copyIn(Readable.from([tar]), '/no/such'), { code: 'E_NOT_FOUND' });
    for (const target of ['/etc/passwd', '/link']) {
      await assert.rejects(container.copyIn(Readable.from([tar]), target), { code: 'E_CONFLICT', message: `extraction point is not a directory: ${target}` });
    }
  });

  it('keeps directories directories when asked', async () => {
    const container = await ran('mkdir /tmp/thing; touch /tmp/thing/inside');
    await assert.rejects(container.copyIn(Readable.from([tarOf({ thing: 'x' })]), '/tmp', { keepKinds: true }));
    assert.ok(existsSync(await path(container, 'tmp/thing/inside')));
  });

  it('gives what it unpacks to a user when asked', async () => {
    const container = await create('stat -c %u:%g /tmp/mine');
    await container.copyIn(Readable.from([tarOf({ mine: 'x' })]), '/tmp', { owner: { uid: 33, gid: 44 } });
    assert.equal(await readAll((await container.start({ attach: {} })).stdout), '33:44\n');
  });

  it('fails on what is no archive, on half of one, and on a source that fails', async () => {
    const container = await create();
    await assert.rejects(container.copyIn(Readable.from([Buffer.from('no tar at all'.repeat(100))]), '/tmp'), { code: 'E_ARCHIVE' });
    const half = tarOf({ big: 'x'.repeat(1 << 20) }).subarray(0, 1 << 19);
    await assert.rejects(container.copyIn(Readable.from([half]), '/tmp'), { code: 'E_ARCHIVE' });
    const failing = new Readable({ read: () => failing.destroy(new Error('the disk fell out')) });
    await assert.rejects(container.copyIn(failing, '/tmp'), /the disk fell out/);
  });

  it('ends when its reader does, with the reader’s own error', async () => {
    const container = await ran('dd if=/dev/zero of=/big bs=1M count=8');
    const deaf = new Writable({ write: (_chunk, _encoding, done) => done(new Error('enough')) });
    await assert.rejects(container.copyOut('/big', deaf), /enough/);
  });

  it('can be aborted', async () => {
    const container = await create();
    const silent = new Readable({ read: () => undefined });
    await assert.rejects(container.copyIn(silent, '/tmp', { signal: AbortSignal.abort() }), { code: 'E_ABORTED' });
    const later = new AbortController();
    const begun = new Readable({ read: () => later.abort() });
    await assert.rejects(container.copyIn(begun, '/tmp', { signal: later.signal }), { code: 'E_ABORTED' });
  });

  it('exports everything, and what is exported can be imported', async () => {
    const container = await ran('echo kept > /root/kept; rm /etc/group');
    const file = join(test.loop.directory, 'export.tar');
    await container.export({ path: file });
    const image = await test.engine.images.import({ path: file }, { reference: 'exported' });
    const again = await test.engine.containers.create({ image: image.id, command: ['sh', '-c', 'cat /root/kept; ls /etc/group'], network: 'none' });
    const attachment = await again.start({ attach: {} });
    assert.equal(await readAll(attachment.stdout), 'kept\n');
    assert.equal((await attachment.exited).exitCode, 1);
  });
});
