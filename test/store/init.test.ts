// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import { Engine } from '../../lib/engine';
import { initStore } from '../../lib/init';
import { LoopStore } from '../helpers/loop-store';

const SIZE = 512 * 1024 ** 2;

describe('init', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
  });
  afterEach(async () => {
    const root = join(directory, 'store');
    if (existsSync(root)) await btrfs.unmount(root).catch(() => undefined);
    rmSync(directory, { recursive: true, force: true });
  });

  it('makes a loop image beside the root where that is not on btrfs', async () => {
    const root = join(directory, 'store');
    const result = await initStore({ root, size: SIZE });
    assert.equal(result.backing, 'loop');
    assert.deepEqual(readdirSync(directory).sort(), ['store', 'store.img']);
    await using engine = await Engine.open({ root });
    assert.deepEqual((await engine.images.list()).map((image) => image.tags), [['empty:latest']]);
  });

  it('makes a store that is found by a relative path, and in the end only by an absolute one', async () => {
    const root = join(directory, 'store');
    await initStore({ root, size: SIZE });
    await using engine = await Engine.open({ root: relative(process.cwd(), root) });
    assert.equal(engine.root, root);
  });

  it('is mounted again by the first command after a reboot', async () => {
    const root = join(directory, 'store');
    await initStore({ root, size: SIZE });
    await btrfs.unmount(root);
    assert.deepEqual(readdirSync(root), []);
    const engines = await Promise.all([Engine.open({ root }), Engine.open({ root }), Engine.open({ root })]);
    for (const engine of engines) {
      assert.equal((await engine.images.list()).length, 1);
      await engine.close();
    }
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes(` ${root} `));
    assert.equal(mounts.length, 1, 'mounted once');
  });

  it('makes a subvolume where the root is on btrfs, and nothing else', async () => {
    await using loop = await LoopStore.create(512);
    writeFileSync(join(loop.path, 'mine'), 'untouched');
    const root = join(loop.path, 'deep/er/store');
    assert.equal((await initStore({ root })).backing, 'subvolume');
    assert.deepEqual(readdirSync(loop.path).sort(), ['deep', 'mine']);
    assert.ok((await btrfs.subvolumeInfo(root)).id >= 256);
  });

  it('uses a block device, and never formats one that holds something', async () => {
    const image = join(directory, 'disk.img');
    execFileSync('truncate', ['-s', String(SIZE), image]);
    const device = execFileSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).trim();
    const root = join(directory, 'store');
    try {
      execFileSync('mkfs.ext4', ['-q', device]);
      await assert.rejects(initStore({ root, device }), { code: 'E_CONFLICT' });
      assert.deepEqual(readdirSync(directory), ['disk.img'], 'nothing half-made');
      assert.equal((await initStore({ root, device, force: true })).backing, 'device');
      await btrfs.unmount(root);
      await (await Engine.open({ root })).close();
      await btrfs.unmount(root);
    } finally {
      execFileSync('losetup', ['-d', device]);
    }
  });

  const refused: [string, (root: string) => object, string][] = [
    ['a relative root', () => ({ root: 'store' }), 'E_INVALID'],
    ['a tiny size', (root) => ({ root, size: 1000 }), 'E_INVALID'],
    ['a size that is no number', (root) => ({ root, size: Number.NaN }), 'E_INVALID'],
    ['a subnet that is none', (root) => ({ root, size: SIZE, subnet: '10.0.0.0/99' }), 'E_INVALID'],
    ['a device that is not there', (root) => ({ root, device: '/dev/nothing-here' }), 'E_NOT_FOUND'],
  ];
  for (const [what, options, code] of refused) {
    it(`refuses ${what} and leaves nothing`, async () => {
      await assert.rejects(initStore(options(join(directory, 'store')) as { root: string }), { code });
      assert.deepEqual(readdirSync(directory), []);
    });
  }

  it('refuses a second time and keeps the first store', async () => {
    const root = join(directory, 'store');
    const first = await initStore({ root, size: SIZE });
    await assert.rejects(initStore({ root, size: SIZE }), { code: 'E_STORE_EXISTS' });
    await btrfs.unmount(root);
    await assert.rejects(initStore({ root, size: SIZE }), { code: 'E_STORE_EXISTS' });
    const engine = await Engine.open({ root });
    assert.equal((await engine.info()).id, first.id);
    await engine.close();
  });

  it('refuses a directory with files in it', async () => {
    const root = join(directory, 'store');
    mkdirSync(root);
    writeFileSync(join(root, 'file'), '');
    await assert.rejects(initStore({ root, size: SIZE }), { code: 'E_CONFLICT' });
    assert.deepEqual(readdirSync(directory), ['store']);
  });

  it('says what to do when there is no store', async () => {
    await assert.rejects(Engine.open({ root: join(directory, 'nowhere') }), { code: 'E_STORE_MISSING', hint: /dockerlite init/ });
  });

  it('says so when the store is damaged', async () => {
    const root = join(directory, 'store');
    await initStore({ root, size: SIZE });
    const state = join(root, 'state/state.db');
    rmSync(`${state}-wal`, { force: true });
    writeFileSync(state, 'this is no database, but long enough to be looked at as one. '.repeat(100));
    await assert.rejects(Engine.open({ root }), { code: 'E_STORE_DAMAGED' });
    writeFileSync(join(root, 'dockerlite.json'), '{"version":2}');
    await assert.rejects(Engine.open({ root }), { code: 'E_STORE_DAMAGED' });
  });
});
