// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import { DockerliteError, type ErrorCode } from '../../lib/errors';
import { LoopStore } from '../helpers/loop-store';

const FS_IMMUTABLE = '+i';

describe('binding/btrfs', () => {
  let store: LoopStore;
  let root: string;
  let counter = 0;

  before(async () => {
    store = await LoopStore.create();
  });
  after(() => store.remove());
  beforeEach(() => {
    root = join(store.path, `case${counter++}`);
    fs.mkdirSync(root);
  });

  const path = (...names: string[]) => join(root, ...names);
  const isThere = (...names: string[]) => fs.existsSync(path(...names));

  /** A subvolume with one file. */
  async function subvolume(name: string, parent = root): Promise<string> {
    await btrfs.subvolumeCreate(parent, name);
    fs.writeFileSync(join(parent, name, 'file'), 'content');
    return join(parent, name);
  }

  describe('subvolumes and snapshots', () => {
    it('makes, describes and deletes a subvolume', async () => {
      const made = await subvolume('one');
      const info = await btrfs.subvolumeInfo(made);
      assert.equal(info.readonly, false);
      assert.match(info.uuid, /^[0-9a-f]{32}$/);
      assert.equal(info.parentUuid, '');
      assert.ok(info.id >= 256 && info.parentId === 5 && info.generation > 0);
      await btrfs.subvolumeDelete(root, 'one');
      assert.ok(!isThere('one'));
    });

    it('snapshots, read-only or not', async () => {
      const source = await subvolume('source');
      const { uuid } = await btrfs.subvolumeInfo(source);
      await btrfs.snapshotCreate(source, root, 'rw', false);
      await btrfs.snapshotCreate(source, root, 'ro', true);
      assert.equal((await btrfs.subvolumeInfo(path('rw'))).parentUuid, uuid);
      fs.writeFileSync(path('rw', 'file'), 'changed');
      assert.throws(() => fs.writeFileSync(path('ro', 'file'), 'changed'), { code: 'EROFS' });
      assert.equal(fs.readFileSync(path('ro', 'file'), 'utf8'), 'content');
      await btrfs.subvolumeSetReadonly(path('ro'), false);
      await btrfs.subvolumeSetReadonly(path('ro'), false);
      fs.writeFileSync(path('ro', 'file'), 'changed');
      await btrfs.subvolumeSetReadonly(path('ro'), true);
      assert.equal((await btrfs.subvolumeInfo(path('ro'))).readonly, true);
      await btrfs.sync(root);
    });

    it('snapshots into a directory that it makes for its owner alone, one level and no more', async () => {
      const source = await subvolume('source');
      await btrfs.snapshotCreateWithParent(source, path('new'), 'a', false);
      await btrfs.snapshotCreateWithParent(source, path('new'), 'b', true);
      assert.equal(fs.statSync(path('new')).mode & 0o777, 0o700);
      assert.deepEqual(fs.readdirSync(path('new')), ['a', 'b']);
      await assert.rejects(btrfs.snapshotCreateWithParent(source, path('new'), 'a', false), { code: 'E_CONFLICT' });
      await assert.rejects(btrfs.snapshotCreateWithParent(source, path('no', 'such'), 'a', false), { code: 'E_NOT_FOUND' });
    });

    it('takes names of 255 bytes and ones that are not UTF-8', async () => {
      const source = await subvolume('source');
      const parent = Buffer.from(path('\xff\xfe'), 'latin1');
      fs.mkdirSync(parent);
      await btrfs.snapshotCreate(source, parent, 'n'.repeat(255), false);
      await btrfs.subvolumeDelete(parent, 'n'.repeat(255));
      assert.deepEqual(fs.readdirSync(parent), []);
    });

    const bad: [string, () => Promise<unknown>, ErrorCode, number?][] = [
      ['an existing name', async () => btrfs.snapshotCreate(await subvolume('a'), root, 'a', false), 'E_CONFLICT', 17],
      ['a missing source', () => btrfs.snapshotCreate(path('none'), root, 'b', false), 'E_NOT_FOUND', 2],
      ['a missing parent', async () => btrfs.snapshotCreate(await subvolume('a'), path('none'), 'b', false), 'E_NOT_FOUND', 2],
      ['a source that is a directory', () => btrfs.snapshotCreate(root, root, 'b', false), 'E_SYSTEM', 22],
      ['a source on another file system', () => btrfs.snapshotCreate('/proc', root, 'b', false), 'E_SYSTEM', 18],
      ['a parent on another file system', async () => btrfs.snapshotCreate(await subvolume('a'), store.directory, 'b', false), 'E_UNSUPPORTED', 25],
      ['a slash', () => btrfs.subvolumeCreate(root, 'a/b'), 'E_SYSTEM', 22],
      ['an empty name', () => btrfs.subvolumeCreate(root, ''), 'E_SYSTEM', 22],
      ['dots', () => btrfs.subvolumeCreate(root, '..'), 'E_SYSTEM', 22],
      ['256 bytes', () => btrfs.subvolumeCreate(root, 'n'.repeat(256)), 'E_SYSTEM', 36],
      ['information on a directory', () => btrfs.subvolumeInfo(root), 'E_SYSTEM', 22],
      ['information on another file system', () => btrfs.subvolumeInfo('/proc'), 'E_UNSUPPORTED', 25],
      ['read-only for a directory', () => btrfs.subvolumeSetReadonly(root, true), 'E_SYSTEM', 22],
      ['sync elsewhere', () => btrfs.sync('/proc'), 'E_UNSUPPORTED', 25],
      ['deleting dots', () => btrfs.subvolumeDelete(root, '..'), 'E_SYSTEM', 22],
    ];
    for (const [what, call, code, errno] of bad) {
      it(`refuses ${what}`, () => rejectsWith(call(), code, errno));
    }

    it('does not follow a symbolic link to the source', async () => {
      await subvolume('real');
      fs.symlinkSync('real', path('link'));
      await rejectsWith(btrfs.snapshotCreate(path('link'), root, 'b', false), 'E_SYSTEM');
    });

    it('throws TypeErrors for wrong types', async () => {
      const call = btrfs.subvolumeCreate as unknown as (...args: unknown[]) => Promise<void>;
      for (const args of [[], [1, 'a'], [root, {}], [`${root}\0`, 'a'], [root, 'a\0b']]) await assert.rejects(call(...args), TypeError);
      const batch = btrfs.snapshotBatch as unknown as (...args: unknown[]) => Promise<void>;
      for (const args of [[], [[null], 1], [[{ source: root }], 1], [[], 'x']]) await assert.rejects(batch(...args), TypeError);
    });
  });

  describe('snapshotBatch', () => {
    it('makes all snapshots, with directories for them', async () => {
      const source = await subvolume('source');
      const requests = Array.from({ length: 300 }, (_, i) => ({ source, parent: path(`c${i}`), name: 'rootfs', readonly: i % 2 === 1 }));
      assert.ok((await btrfs.snapshotBatch(requests, 64)).every((answer) => answer === null));
      assert.equal((await btrfs.subvolumeInfo(path('c0', 'rootfs'))).readonly, false);
      assert.equal((await btrfs.subvolumeInfo(path('c299', 'rootfs'))).readonly, true);
      assert.equal(fs.statSync(path('c7')).mode & 0o777, 0o700);
    });

    it('answers for each request', async () => {
      const source = await subvolume('source');
      const answers = await btrfs.snapshotBatch(
        [
          { source, parent: path('a'), name: 'rootfs' },
          { source: path('none'), parent: path('b'), name: 'rootfs' },
          { source, parent: path('none', 'c'), name: 'rootfs' },
          { source, parent: root, name: 'source' },
          { source, parent: root, name: 'x/y' },
          { source, parent: path('d'), name: 'rootfs' },
        ],
        4,
      );
      assert.deepEqual(answers.map((answer) => answer?.code), [undefined, 'E_NOT_FOUND', 'E_NOT_FOUND', 'E_CONFLICT', 'E_SYSTEM', undefined]);
      assert.ok(answers[1] instanceof DockerliteError);
      assert.ok(isThere('a', 'rootfs', 'file') && isThere('d', 'rootfs', 'file') && !isThere('b'));
    });

    it('takes any number of threads, and nothing to do', async () => {
      const source = await subvolume('source');
      for (const threads of [-1, 0, 1, 100000]) {
        assert.deepEqual(await btrfs.snapshotBatch([{ source, parent: path(`t${threads}`), name: 'rootfs' }], threads), [null]);
      }
      assert.deepEqual(await btrfs.snapshotBatch([], 8), []);
    });
  });

  describe('subvolumeDelete', () => {
    it('is content with what is gone', async () => {
      await btrfs.subvolumeDelete(root, 'none');
      await btrfs.subvolumeDelete(path('none'), 'none');
    });

    it('does not delete directories, files or links', async () => {
      fs.mkdirSync(path('directory'));
      fs.writeFileSync(path('plain'), '');
      await subvolume('real');
      fs.symlinkSync('real', path('link'));
      for (const name of ['directory', 'plain', 'link']) await assert.rejects(btrfs.subvolumeDelete(root, name), DockerliteError);
      assert.deepEqual(fs.readdirSync(root).sort(), ['directory', 'link', 'plain', 'real']);
    });

    /** outer/d/inner/e/innermost and outer/\xff\n */
    async function nest(): Promise<void> {
      const outer = await subvolume('outer');
      fs.mkdirSync(join(outer, 'd'));
      const inner = await subvolume('inner', join(outer, 'd'));
      fs.mkdirSync(join(inner, 'e'));
      await subvolume('innermost', join(inner, 'e'));
      await subvolume('new\nline', outer);
      await subvolume('n'.repeat(255), outer);
    }

    it('lists and deletes nested subvolumes', async () => {
      await nest();
      const nested = (await btrfs.subvolumeNested(path('outer'))).map(String);
      assert.deepEqual(nested.sort(), ['d/inner', 'd/inner/e/innermost', 'n'.repeat(255), 'new\nline'].sort());
      await btrfs.subvolumeDelete(root, 'outer');
      assert.deepEqual(fs.readdirSync(root), []);
      await rejectsWith(btrfs.subvolumeNested(path('outer')), 'E_NOT_FOUND');
      await rejectsWith(btrfs.subvolumeNested(root), 'E_SYSTEM', 22);
    });

    it('deletes nested subvolumes that are read-only', async () => {
      await nest();
      for (const name of ['d/inner/e/innermost', 'd/inner', '.']) await btrfs.subvolumeSetReadonly(path('outer', name), true);
      await btrfs.subvolumeDelete(root, 'outer');
      assert.deepEqual(fs.readdirSync(root), []);
    });

    it('deletes around immutable and append-only files and directories', async () => {
      await nest();
      for (const name of ['d/inner/file', 'd/inner/e/innermost', 'd/inner/e', 'd/inner', 'd', '']) execFileSync('chattr', [FS_IMMUTABLE, path('outer', name)]);
      execFileSync('chattr', ['+a', path('outer', 'new\nline')]);
      await btrfs.subvolumeSetReadonly(path('outer', 'd/inner'), true);
      await btrfs.subvolumeDelete(root, 'outer');
      assert.deepEqual(fs.readdirSync(root), []);
    });

    it('deletes what is nested deeper than a path can say', async () => {
      await subvolume('outer');
      const deep = 'mkdir -p "$0"; cd "$0"; for i in $(seq 30); do mkdir "$1"; cd -P "$1"; btrfs -q subvolume create s; cd s; done';
      execFileSync('bash', ['-euc', deep, path('outer', 'd'), 'n'.repeat(250)], { stdio: 'pipe' });
      const nested = await btrfs.subvolumeNested(path('outer'));
      assert.equal(nested.length, 30);
      assert.ok(nested[29]!.length > 7000);
      await btrfs.subvolumeDelete(root, 'outer');
      assert.deepEqual(fs.readdirSync(root), []);
    });

    it('deletes beneath a mount and beside symbolic links without following them', async () => {
      await nest();
      fs.mkdirSync(path('outside'));
      fs.writeFileSync(path('outside', 'precious'), '1');
      fs.symlinkSync(path('outside'), path('outer', 'd', 'inner', 'e', 'link'));
      execFileSync('mount', ['--bind', path('outside'), path('outer', 'd')]);
      try {
        await btrfs.subvolumeDelete(root, 'outer');
      } finally {
        if (isThere('outer', 'd')) execFileSync('umount', [path('outer', 'd')]);
      }
      assert.deepEqual(fs.readdirSync(root), ['outside']);
      assert.ok(isThere('outside', 'precious'));
    });
  });

  describe('full disk', () => {
    it('reports E_NO_SPACE and leaves nothing half-made', async () => {
      await using small = await LoopStore.create(32, ['--mixed']);
      await btrfs.subvolumeCreate(small.path, 'source');
      fs.writeFileSync(join(small.path, 'source', 'file'), 'content');
      assert.throws(() => fs.writeFileSync(join(small.path, 'filler'), Buffer.alloc(64 * 1024 ** 2)), { code: 'ENOSPC' });
      const answers = [];
      for (let round = 0; round < 200 && answers.length === 0; round++) {
        const requests = Array.from({ length: 16 }, (_, i) => ({ source: join(small.path, 'source'), parent: join(small.path, `p${round}-${i}`), name: 's' }));
        const results = await btrfs.snapshotBatch(requests, 16);
        answers.push(...results.filter((answer) => answer !== null));
        for (const [i, answer] of results.entries()) assert.equal(fs.existsSync(join(requests[i]!.parent, 's')), answer === null);
      }
      assert.deepEqual([...new Set(answers.map((answer) => answer.code))], ['E_NO_SPACE']);
      assert.match(answers[0]!.hint ?? '', /free some space/);
      await btrfs.subvolumeDelete(small.path, 'source');
      assert.ok(!fs.existsSync(join(small.path, 'source')));
    });
  });
});

async function rejectsWith(promise: Promise<unknown>, code: ErrorCode, errno?: number): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof DockerliteError, String(error));
    assert.equal(error.code, code, error.message);
    if (errno !== undefined) assert.equal(error.errno, errno, error.message);
    assert.ok(error.cause instanceof Error && error.syscall);
    return true;
  });
}
