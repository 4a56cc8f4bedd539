// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import * as fs from 'node:fs';
import { join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import * as snapshot from '../../lib/binding/snapshot';
import type { ReceiveSnapshotOptions } from '../../lib/binding/types';
import { DockerliteError } from '../../lib/errors';
import { LoopStore } from '../helpers/loop-store';
import { type Attributes, buildStream, CMD, command, enveloped, fullStream, incrementalStream, PARENT_UUID, time, UUID } from '../helpers/send-stream';
import { listTree } from '../helpers/tree-listing';

type Step = readonly [number, Attributes?] | Buffer;

const file = (path: string): Step => [CMD.mkfile, { path, ino: 257 }];
const dir = (path: string): Step => [CMD.mkdir, { path, ino: 257 }];
const link = (path: string, pathLink: string): Step => [CMD.symlink, { path, ino: 257, pathLink }];
const write = (path: string, offset: number | bigint = 0, data: string | Buffer = 'data'): Step => [CMD.write, { path, offset, data }];
const clone = (path: string, more: Attributes): Step => [CMD.clone, { path, offset: 0, cloneUuid: UUID, cloneCtransid: 5, clonePath: 'source', cloneOffset: 0, cloneLen: 4, ...more }];
const DAY = time(1_000_000_000);

/** What is refused, by what it tries. Each begins with the tree it needs. */
const REFUSED: Record<string, Step[]> = {
  'a name that leads out': [file('../canary')],
  'a name that leads out further down': [dir('a'), file('a/../../canary')],
  'a name with dots': [dir('a'), file('a/./b')],
  'two names for one path': [dir('a'), file('a//b')],
  'an absolute name': [file('/canary')],
  'a name with a slash behind it': [dir('a/')],
  'the name of the root': [dir('')],
  'the root as a name': [[CMD.unlink, { path: '.' }]],
  'a name with a NUL': [file('a\0b')],
  'a name that is too long': [file('x'.repeat(256))],
  'a path that is too long': [file('x/'.repeat(3000) + 'x')],
  'a file through a link': [link('out', '..'), file('out/canary')],
  'a file through an absolute link': [link('out', '/tmp'), file('out/canary')],
  'a file through a link that stays inside': [dir('a'), link('b', 'a'), file('b/c')],
  'data through a link': [link('out', '../canary'), write('out')],
  'data to a directory': [dir('a'), write('a')],
  'data to a FIFO': [[CMD.mkfifo, { path: 'fifo' }], write('fifo')],
  'data to a device': [[CMD.mknod, { path: 'null', mode: 0o20666, rdev: 0x103 }], write('null')],
  'data to nothing': [write('none')],
  'data to a name that was taken by a link': [file('a'), write('a'), [CMD.unlink, { path: 'a' }], link('a', '../canary'), write('a')],
  'a size through a link': [link('out', '../canary'), [CMD.truncate, { path: 'out', size: 0 }]],
  'a mode through a link': [link('out', '../canary'), [CMD.chmod, { path: 'out', mode: 0o4777 }]],
  'an attribute without a value': [file('a'), [CMD.setXattr, { path: 'a', xattrName: 'user.x' }]],
  'an attribute that is not there': [file('a'), [CMD.removeXattr, { path: 'a', xattrName: 'user.none' }]],
  'a hard link to outside': [[CMD.link, { path: 'a', pathLink: '../canary' }]],
  'a hard link to outside by a link': [link('up', '..'), [CMD.link, { path: 'a', pathLink: 'up/canary' }]],
  'a hard link to a directory': [dir('a'), [CMD.link, { path: 'b', pathLink: 'a' }]],
  'a hard link without a target': [file('a'), [CMD.link, { path: 'b' }]],
  'a rename to outside': [file('a'), [CMD.rename, { path: 'a', pathTo: '../a' }]],
  'a rename from outside': [[CMD.rename, { path: '../canary', pathTo: 'a' }]],
  'a rename of a directory into itself': [dir('a'), dir('a/b'), [CMD.rename, { path: 'a', pathTo: 'a/b/c' }]],
  'a rename through a link that was a directory': [dir('a'), dir('a/b'), [CMD.rename, { path: 'a', pathTo: 'x' }], link('a', '..'), file('a/canary')],
  'a removal outside': [[CMD.unlink, { path: '../canary' }]],
  'a removal of what is outside by a link': [link('up', '..'), [CMD.unlink, { path: 'up/canary' }]],
  'a directory removed as a file': [dir('a'), [CMD.unlink, { path: 'a' }]],
  'a directory with something in it': [dir('a'), file('a/b'), [CMD.rmdir, { path: 'a' }]],
  'the same name twice': [file('a'), file('a')],
  'a device that is a directory': [[CMD.mknod, { path: 'a', mode: 0o40755, rdev: 0 }]],
  'a device with too large a number': [[CMD.mknod, { path: 'a', mode: 0o20666, rdev: 2n ** 40n }]],
  'a device without a number': [[CMD.mknod, { path: 'a', mode: 0o20666 }]],
  'a link without a target': [[CMD.symlink, { path: 'a', pathLink: '' }]],
  'a link with too long a target': [link('a', 'x'.repeat(5000))],
  'an owner that is none': [file('a'), [CMD.chown, { path: 'a', uid: 2n ** 32n - 1n, gid: 0 }]],
  'an owner of 64 bits': [file('a'), [CMD.chown, { path: 'a', uid: 2n ** 32n, gid: 0 }]],
  'a time with too many nanoseconds': [file('a'), [CMD.utimes, { path: 'a', atime: DAY, mtime: time(0, 1_000_000_000), ctime: DAY }]],
  'a time that means now': [file('a'), [CMD.utimes, { path: 'a', atime: DAY, mtime: time(0, 0x3fffffff), ctime: DAY }]],
  'half a time': [file('a'), [CMD.utimes, { path: 'a', atime: DAY, mtime: Buffer.alloc(5), ctime: DAY }]],
  'data beyond the largest offset': [file('a'), write('a', 2n ** 63n)],
  'data at a negative offset': [file('a'), write('a', -1n)],
  'data far out': [file('a'), write('a', 2n ** 50n)],
  'a size beyond all limits': [file('a'), [CMD.truncate, { path: 'a', size: 2n ** 62n }]],
  'a size that is negative': [file('a'), [CMD.truncate, { path: 'a', size: -1n }]],
  'space beyond all limits': [file('a'), [CMD.fallocate, { path: 'a', fallocateMode: 0, offset: 0, size: 2n ** 43n }]],
  'space in an unknown way': [file('a'), [CMD.fallocate, { path: 'a', fallocateMode: 0x20, offset: 0, size: 4096 }]],
  'a clone from nowhere': [file('source'), write('source'), file('a'), clone('a', { cloneUuid: Buffer.alloc(16, 1) })],
  'a clone from a parent that is none': [file('source'), write('source'), file('a'), clone('a', { cloneUuid: PARENT_UUID })],
  'a clone from half a UUID': [file('source'), write('source'), file('a'), clone('a', { cloneUuid: UUID.subarray(0, 8) })],
  'a clone from outside': [file('a'), clone('a', { clonePath: '../canary' })],
  'a clone from outside by a link': [link('source', '../canary'), file('a'), clone('a', {})],
  'a clone from a device': [[CMD.mknod, { path: 'source', mode: 0o20666, rdev: 0x105 }], file('a'), clone('a', {})],
  'a clone of what is beyond the end': [file('source'), write('source'), file('a'), clone('a', { cloneLen: 5 })],
  'a clone of a length that wraps': [file('source'), write('source'), file('a'), clone('a', { cloneOffset: 1, cloneLen: -1n })],
  'a clone to beyond all limits': [file('source'), write('source'), file('a'), clone('a', { offset: 2n ** 60n })],
  'a compressed write of a wrong size': [file('a'), [CMD.encodedWrite, { path: 'a', offset: 0, unencodedFileLen: 2n ** 40n, unencodedLen: 2n ** 40n, unencodedOffset: 0, compression: 2, data: 'x' }]],
  'a compressed write without sizes': [file('a'), [CMD.encodedWrite, { path: 'a', offset: 0, compression: 2, data: 'x' }]],
  'an unknown compression': [file('a'), [CMD.encodedWrite, { path: 'a', offset: 0, unencodedFileLen: 4096, unencodedLen: 4096, unencodedOffset: 0, compression: 99, data: 'x' }]],
  'a stream without data': [file('a'), [CMD.updateExtent, { path: 'a', offset: 0, size: 4096 }]],
  'an unknown command': [[77, { path: 'a' }]],
  'fs-verity': [file('a'), [CMD.enableVerity, { path: 'a' }]],
  'a command without a path': [[CMD.mkfile, {}]],
  'a second tree': [[CMD.subvol, { path: 'b', uuid: UUID, ctransid: 1 }]],
  'a number of a wrong size': [file('a'), [CMD.chmod, { path: 'a', mode: Buffer.alloc(4) }]],
  'a wrong checksum': [broken(file('a'), 12)],
  'a length beyond what commands have': [broken(file('a'), 2, 0x7f)],
  'an attribute longer than its command': [command(CMD.mkfile, { path: 'a' }).fill(0xff, 12, 13)],
};

const WHOLE: Record<string, Buffer> = {
  'no stream at all': Buffer.from('this is no stream of any kind, is it?'),
  'nothing but a magic': Buffer.from('btrfs-stream\0'),
  'version 0': buildStream([[CMD.subvol, { path: 'a', uuid: UUID, ctransid: 1 }], [CMD.end]], 0),
  'version 99': buildStream([[CMD.subvol, { path: 'a', uuid: UUID, ctransid: 1 }], [CMD.end]], 99),
  'a command before the tree': buildStream([file('a'), [CMD.end]]),
  'an end and no tree': buildStream([[CMD.end]]),
  'a tree without a UUID': buildStream([[CMD.subvol, { path: 'a', ctransid: 1 }], [CMD.end]]),
  'no end': fullStream(file('a')).subarray(0, -10),
  'a difference to an unnamed parent': incrementalStream(file('a')),
};

describe('hostile send streams', function () {
  this.timeout(120_000);
  let store: LoopStore;
  let canary: string;
  let parent: string;

  before(async () => {
    store = await LoopStore.create(512);
    await btrfs.subvolumeCreate(store.path, 'parent');
    parent = join(store.path, 'parent');
    fs.writeFileSync(join(parent, 'source'), 'from the parent');
    fs.mkdirSync(join(parent, 'directory'));
    fs.symlinkSync('../canary', join(parent, 'out'));
    await btrfs.subvolumeSetReadonly(parent, true);
  });
  after(() => store.remove());
  beforeEach(() => {
    canary = join(store.path, 'canary');
    fs.rmSync(canary, { force: true });
    fs.writeFileSync(canary, 'untouched', { mode: 0o600 });
  });
  afterEach(async () => {
    assert.equal(fs.readFileSync(canary, 'utf8'), 'untouched');
    const { mode, nlink, uid } = fs.statSync(canary);
    assert.deepEqual([mode & 0o7777, nlink, uid], [0o600, 1, 0]);
    assert.deepEqual(fs.readdirSync(store.path).sort(), ['canary', 'parent', 'tree'].filter((name) => fs.existsSync(join(store.path, name))));
    assert.equal(fs.readFileSync(join(parent, 'source'), 'utf8'), 'from the parent');
    await btrfs.subvolumeDelete(store.path, 'tree');
  });

  async function apply(stream: Buffer, options: ReceiveSnapshotOptions = {}): Promise<string> {
    const tree = join(store.path, 'tree');
    if (options.parent === undefined) await btrfs.subvolumeCreate(store.path, 'tree');
    else await btrfs.snapshotCreate(parent, store.path, 'tree', false);
    const path = join(store.directory, 'stream');
    fs.writeFileSync(path, enveloped(stream));
    const source = await snapshot.open({ path });
    try {
      await snapshot.next(source, {});
      await snapshot.receive(source, { ...options, tree });
      assert.equal(await snapshot.next(source, {}), undefined);
    } finally {
      await snapshot.close(source);
    }
    return tree;
  }
  const refused = (error: DockerliteError) => error.code === 'E_ARCHIVE' || (error.code === 'E_UNSUPPORTED' && error.syscall === 'receive') || (error.code === 'E_SYSTEM' && /ENCODED/.test(error.syscall ?? ''));

  for (const [what, steps] of Object.entries(REFUSED)) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(apply(fullStream(...steps)), refused);
    });
  }

  for (const [what, stream] of Object.entries(WHOLE)) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(apply(stream), refused);
    });
  }

  it('refuses a whole stream where a difference was announced', async () => {
    await assert.rejects(apply(fullStream(file('a')), { parent }), refused);
  });

  it('clones from the parent, and from nothing beside it', async () => {
    const from = (more: Attributes): Step => clone('a', { cloneUuid: PARENT_UUID, cloneLen: 15, ...more });
    assert.equal(fs.readFileSync(join(await apply(incrementalStream(file('a'), from({})), { parent }), 'a'), 'utf8'), 'from the parent');
    for (const clonePath of ['out', '../canary', 'directory', 'directory/../source', '/source', 'none', '']) {
      await btrfs.subvolumeDelete(store.path, 'tree');
      await assert.rejects(apply(incrementalStream(file('a'), from({ clonePath })), { parent }), refused, clonePath);
    }
  });

  it('copies what cannot be shared: odd offsets, and a file onto itself', async () => {
    const tree = await apply(fullStream(file('source'), write('source', 0, '0123456789'), file('a'), clone('a', { offset: 3, cloneOffset: 5, cloneLen: 5 }), clone('source', { offset: 10, cloneLen: 10 })));
    assert.equal(fs.readFileSync(join(tree, 'a'), 'latin1'), '\0\0\x0056789');
    assert.equal(fs.readFileSync(join(tree, 'source'), 'latin1'), '01234567890123456789');
  });

  it('stops at limits: content, clones, names, sizes', async () => {
    const refusal = (error: DockerliteError) => error.code === 'E_ARCHIVE' && /than allowed/.test(error.message);
    const large = [file('source'), write('source', 0, Buffer.alloc(30_000))];
    const cases: [Step[], ReceiveSnapshotOptions][] = [
      [large, { maxBytes: 29_999 }],
      [[...large, file('a'), clone('a', { offset: 1, cloneLen: 30_000 })], { maxBytes: 59_999 }],
      [[file('source'), [CMD.truncate, { path: 'source', size: 2n ** 40n + 4096n }], file('a'), clone('a', { cloneLen: 2n ** 40n + 4096n })], {}],
      [[file('a'), [CMD.fallocate, { path: 'a', fallocateMode: 0, offset: 0, size: 30_000 }]], { maxBytes: 29_999 }],
      [[file('a'), dir('b'), link('c', 'd')], { maxEntries: 2 }],
      [[file('a'), [CMD.link, { path: 'b', pathLink: 'a' }], [CMD.link, { path: 'c', pathLink: 'a' }]], { maxEntries: 2 }],
      [[file('a'), [CMD.truncate, { path: 'a', size: 5001 }]], { maxFileSize: 5000 }],
      [[file('a'), write('a', 4999, 'xx')], { maxFileSize: 5000 }],
    ];
    for (const [steps, options] of cases) {
      await assert.rejects(apply(fullStream(...steps), options), refusal, JSON.stringify(options));
      await btrfs.subvolumeDelete(store.path, 'tree');
    }
  });

  it('takes what is unusual and no harm', async () => {
    const tree = await apply(
      fullStream(
        [CMD.chmod, { path: '', mode: 0o711 }],
        [CMD.mknod, { path: 'null', mode: 0o20666, rdev: 0x103 }],
        [CMD.mksock, { path: 'socket' }],
        link('out', '/etc/passwd'),
        [CMD.chown, { path: 'out', uid: 5, gid: 6 }],
        file('sparse'),
        [CMD.truncate, { path: 'sparse', size: 2n ** 40n }],
        dir('a'),
        file('a/b'),
        [CMD.rename, { path: 'a', pathTo: 'c' }],
        dir('a'),
        write('c/b', 0, ''),
        write('c/b', 5, 'x'),
        [CMD.fallocate, { path: 'c/b', fallocateMode: 3, offset: 0, size: 4 }],
        [CMD.fileattr, { path: 'c/b', fileattr: 0x10 }],
        clone('c/b', { clonePath: 'sparse', cloneLen: 0 }),
        [CMD.setXattr, { path: 'c/b', xattrName: 'none', xattrData: 'of a space of names that is none' }],
        [CMD.utimes, { path: '', atime: DAY, mtime: DAY, ctime: DAY }],
      ),
    );
    const listed = new Map(listTree(tree).map((one) => [one.path, one]));
    assert.deepEqual([...listed.keys()], ['.', './a', './c', './c/b', './null', './out', './socket', './sparse']);
    assert.deepEqual([listed.get('.')?.mode, listed.get('.')?.mtime], [0o40711, '1000000000000000000']);
    assert.deepEqual([listed.get('./sparse')?.size, listed.get('./sparse')?.blocks, listed.get('./c/b')?.size], [2 ** 40, 0, 6]);
  });

  it('does not read or keep what follows a failure', async () => {
    const path = join(store.directory, 'stream');
    // What the failed one has left unread looks like another one.
    fs.writeFileSync(path, Buffer.concat([enveloped(Buffer.from('x')).subarray(0, -80 - 1), enveloped(fullStream(file('a')))]));
    await btrfs.subvolumeCreate(store.path, 'tree');
    const source = await snapshot.open({ path });
    await snapshot.next(source, {});
    await assert.rejects(snapshot.receive(source, { tree: join(store.path, 'tree') }), refused);
    await assert.rejects(snapshot.next(source, {}), refused);
    await snapshot.close(source);
    await assert.rejects(snapshot.next(source, {}), TypeError);
    await assert.rejects(snapshot.next({} as typeof source, {}), TypeError);
  });
});

/** A command with a byte that is not as it was. */
function broken(step: Step, at: number, value = 0xee): Buffer {
  const bytes = command(...(step as [number, Attributes]));
  bytes[at] = value;
  return bytes;
}
