// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as archive from '../../lib/binding/archive';
import type { UnpackOptions } from '../../lib/binding/types';
import { DockerliteError } from '../../lib/errors';
import { buildTar, type TarEntry } from '../helpers/hostile-archive';
import { type Listed, listTree } from '../helpers/tree-listing';

describe('hostile archives', () => {
  let directory: string;
  let outside: string;
  let root: string;
  let before: Listed[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hostile-'));
    outside = join(directory, 'outside');
    root = join(directory, 'root');
    mkdirSync(outside);
    mkdirSync(root);
    mkdirSync(join(outside, 'dir'));
    writeFileSync(join(outside, 'dir/victim'), 'untouched');
    before = listTree(outside);
  });

  afterEach(() => {
    assert.deepEqual(listTree(outside), before, 'something outside the root changed');
    assert.deepEqual(execFileSync('ls', ['-A', directory], { encoding: 'utf8' }), 'outside\nroot\n');
    rmSync(directory, { recursive: true });
  });

  const unpack = (archiveBytes: Buffer, options: UnpackOptions = {}) => {
    const path = join(root, '.archive');
    writeFileSync(path, archiveBytes);
    const done = archive.unpack({ path }, root, options);
    return done.finally(() => rmSync(path, { force: true }));
  };
  const tar = (...entries: TarEntry[]) => buildTar(entries);
  const read = (name: string) => readFileSync(join(root, name), 'utf8');
  const names = () => listTree(root).map((one) => one.path);

  async function refused(bytes: Buffer, message: RegExp, options: UnpackOptions = {}): Promise<void> {
    await assert.rejects(unpack(bytes, options), (error: unknown) => {
      assert.ok(error instanceof DockerliteError);
      assert.equal(error.code, 'E_ARCHIVE', error.message);
      assert.match(error.message, message);
      return true;
    });
  }

  for (const name of ['../evil', 'a/../../evil', '/../evil', '..', 'a/../..', './../evil']) {
    it(`refuses the name ${name}`, () => refused(tar({ name, content: 'x' }), /leaves the root/));
  }

  it('takes .. that stays inside, absolute names and doubled slashes as below the root', async () => {
    await unpack(tar({ name: 'a/b/../c', content: '1' }, { name: '/etc/x', content: '2' }, { name: './/d//e', content: '3' }));
    assert.deepEqual([read('a/c'), read('etc/x'), read('d/e')], ['1', '2', '3']);
  });

  it('refuses hard links to what is outside', async () => {
    await refused(tar({ name: 'l', type: '1', link: '../outside/dir/victim' }), /link target leaves the root/);
    await refused(tar({ name: 'l', type: '1', link: join(outside, 'dir/victim') }), /link target is not in the archive/);
    await refused(tar({ name: 'way', type: '2', link: outside }, { name: 'l', type: '1', link: 'way/dir/victim' }), /link target/);
    await refused(tar({ name: 'l', type: '1', link: '' }), /hard link needs|not supported/);
  });

  it('never writes through symbolic links that point out', async () => {
    for (const link of [outside, '../outside', '../../../../../../../../../..' + outside, '/proc/self/root' + outside, '/proc/self/cwd']) {
      await assert.rejects(unpack(tar({ name: 'way', type: '2', link }, { name: 'way/dir/victim', content: 'evil' })));
      await assert.rejects(unpack(tar({ name: 'way', type: '2', link }, { name: 'way/new', type: '5' })));
      await unpack(tar({ name: 'way', type: '2', link: `${link}/dir/victim` }, { name: 'way', content: 'evil' }));
      assert.equal(read('way'), 'evil');
    }
  });

  it('follows links of the archive inside the root', async () => {
    await unpack(tar({ name: 'usr/lib', type: '5' }, { name: 'lib', type: '2', link: '/usr/lib' }, { name: 'lib/f', content: 'x' }));
    assert.equal(read('usr/lib/f'), 'x');
  });

  it('keeps children of a directory that became a link inside', async () => {
    const entries: TarEntry[] = [{ name: 'd/', type: '5' }, { name: 'd/f', content: '1' }, { name: 'd', type: '2', link: outside }, { name: 'd/dir/victim', content: 'evil' }];
    await assert.rejects(unpack(tar(...entries)));
    await unpack(tar({ name: outside.slice(1) + '/dir', type: '5' }, ...entries));
    assert.equal(readFileSync(join(root, outside, 'dir/victim'), 'utf8'), 'evil');
  });

  it('changes meta of a link, not of what it leads to', async () => {
    const times = { mtime: 5, uid: 1234, mode: 0o7777 };
    await unpack(tar({ name: 'l', type: '2', link: join(outside, 'dir/victim'), ...times, pax: [['SCHILY.xattr.trusted.x', '1']] }));
    assert.deepEqual(listTree(root)[1]!.xattrs, { 'trusted.x': '31' });
  });

  it('replaces whatever has the name, the later entry wins', async () => {
    await unpack(tar(
      { name: 'f', content: '1' }, { name: 'f', content: 'second' },
      { name: 'd/deep/er/f', content: '1' }, { name: 'd', content: 'file now' },
      { name: 'g', content: '1' }, { name: 'g', type: '5' }, { name: 'g/in', content: '2' },
      { name: 'p', type: '6' }, { name: 'p', content: 'was a FIFO' },
      { name: 'h', content: 'h' }, { name: 'h', type: '1', link: 'h' }, { name: 'h2', type: '1', link: './h' }, { name: 'h2', content: 'apart' },
    ));
    assert.deepEqual([read('f'), read('d'), read('g/in'), read('p'), read('h'), read('h2')], ['second', 'file now', '2', 'was a FIFO', 'h', 'apart']);
  });

  it('keeps directories and files apart when told to', async () => {
    mkdirSync(join(root, 'd/e'), { recursive: true });
    writeFileSync(join(root, 'f'), '');
    await refused(tar({ name: 'd', content: '' }), /will not replace a directory/, { allowReplace: false });
    await refused(tar({ name: 'f', type: '5' }), /will not replace/, { allowReplace: false });
    await unpack(tar({ name: 'f', content: 'new' }, { name: 'd', type: '5' }), { allowReplace: false });
    assert.deepEqual(names(), ['.', './d', './d/e', './f']);
  });

  it('makes device nodes and FIFOs as nodes', async () => {
    await unpack(tar({ name: 'null', type: '3', device: [1, 3], mode: 0o666 }, { name: 'loop', type: '4', device: [7, 0] }, { name: 'fifo', type: '6' }));
    const [, fifo, loop, zero] = listTree(root);
    assert.deepEqual([fifo!.mode & 0o170000, loop!.device, zero!.device], [0o010000, 7 << 8, (1 << 8) | 3]);
  });

  it('keeps a 4 GiB hole a hole', async () => {
    const map = `2\n0\n3\n${2 ** 32}\n0\n`.padEnd(512, '\0');
    const pax: [string, string][] = [['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.name', 'big'], ['GNU.sparse.realsize', String(2 ** 32)]];
    const { bytes } = await unpack(tar({ name: 'GNUSparseFile.0/big', pax, content: `${map}abc` }), { maxBytes: 100 });
    assert.equal(bytes, 3);
    const big = listTree(root)[1]!;
    assert.deepEqual([big.path, big.size], ['./big', 2 ** 32]);
    assert.ok(big.blocks! <= 64);
  });

  it('refuses sparse files no file system can hold', async () => {
    const pax: [string, string][] = [['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.name', 'big'], ['GNU.sparse.realsize', '9223372036854775000']];
    await assert.rejects(unpack(tar({ name: 'x', pax, content: '1\n0\n0\n'.padEnd(512, '\0') })), /big/);
    for (const map of ['1\n-5\n3\n', '2\n100\n1\n0\n1\n', '99999999999\n', 'x\n', '1\n9223372036854775807\n9223372036854775807\n'])
      await unpack(tar({ name: 'x', pax, content: map.padEnd(512, '\0') + 'abc' })).catch(() => undefined);
  });

  it('takes names of 255 bytes and of any bytes, refuses longer ones', async () => {
    const long = 'n'.repeat(255);
    await unpack(tar({ name: 'x', pax: [['path', long]], content: 'x' }, { name: Buffer.from([0xff, 0xfe, 0x80]), content: 'y' }, { name: 'x', pax: [['path', Buffer.from([0xc3, 0x28])]] }));
    assert.deepEqual(names(), ['.', `./${long}`, './\\xc3(', './\\xff\\xfe\\x80']);
    await assert.rejects(unpack(tar({ name: 'x', pax: [['path', 'n'.repeat(256)]], content: 'x' })), { errno: 36 });
    await assert.rejects(unpack(tar({ name: 'x', pax: [['path', 'n/'.repeat(4000)]], type: '5' })), { errno: 36 });
  });

  it('refuses entries without a name, and a root that is no directory', async () => {
    await refused(tar({ name: '', content: 'x' }), /has no name/);
    for (const name of ['.', './', '/', 'a/..']) {
      await refused(tar({ name, type: '2', link: outside }), /root can only be a directory/);
      await refused(tar({ name, type: '1', link: 'x' }), /hard link needs/);
      await unpack(tar({ name, type: '5', mode: 0o711 }));
      assert.equal(listTree(root)[0]!.mode & 0o7777, 0o711);
    }
  });

  it('refuses what is not a tar archive, or only part of one', async () => {
    const good = tar({ name: 'f', content: Buffer.alloc(5000, 'x') });
    await refused(Buffer.alloc(0), /archive is empty/);
    await refused(gzipSync(Buffer.alloc(0)), /archive is empty/);
    await refused(Buffer.from('hello\n'.repeat(1000)), /not a tar archive/);
    await refused(Buffer.alloc(1000, 0xff), /not a tar archive/);
    await refused(good.subarray(0, 3000), /[Tt]runcated/);
    await refused(gzipSync(good).subarray(0, 60), /truncated/);
    await refused(tar({ name: 'f', content: 'x' }, { name: 'g', damaged: true }), /[Dd]amaged/);
    assert.equal((await unpack(tar())).entries, 0);
  });

  it('refuses malformed and giant PAX headers', async () => {
    await refused(tar({ name: 'x', type: 'x', content: '99999999 path=x\n' }, { name: 'f' }), /pax/i);
    await refused(tar({ name: 'x', type: 'x', content: 'nonsense' }, { name: 'f' }), /pax/i);
    await refused(tar({ name: 'f', pax: [['comment', 'x'.repeat(8 << 20)]] }), /large|pax/i);
    await refused(tar({ name: 'x', type: 'x', size: 2 ** 32, content: 'x' }), /large|[Tt]runcated|pax/);
  });

  it('refuses owners that are not numbers of users', async () => {
    await refused(tar({ name: 'f', pax: [['uid', '4294967295']] }), /owner is out of range/);
    await refused(tar({ name: 'f', pax: [['gid', '-1']] }), /owner is out of range/);
    await unpack(tar({ name: 'f', pax: [['uid', '4294967294'], ['gid', '70000']] }));
    assert.deepEqual([listTree(root)[1]!.uid, listTree(root)[1]!.gid], [4294967294, 70000]);
  });

  it('keeps to its limits', async () => {
    const bomb = gzipSync(tar({ name: 'bomb', content: Buffer.alloc(50 << 20) }));
    await refused(bomb, /more content than allowed/, { maxBytes: 1 << 20 });
    const tail = gzipSync(Buffer.concat([tar({ name: 'f' }), Buffer.alloc(50 << 20)]));
    await refused(tail, /larger than allowed/, { maxBytes: 1 << 20 });
    await refused(tar({ name: 'a' }, { name: 'b' }, { name: 'c' }), /more entries than allowed/, { maxEntries: 2 });
    assert.equal((await unpack(tar({ name: 'a', content: 'xx' }, { name: 'b' }), { maxEntries: 2, maxBytes: 2 })).bytes, 2);
  });

  it('shows names in messages without their control characters', async () => {
    await refused(tar({ name: '../\x1b[2J', content: '' }), /'\.\.\/\\x1b\[2J'/);
  });

  it('unpacks into links of the root only within the root', async () => {
    symlinkSync(outside, join(root, 'way'));
    await assert.rejects(unpack(tar({ name: 'dir/victim', content: 'evil' }), { into: 'way' }), { code: 'E_NOT_FOUND' });
    symlinkSync('../outside', join(root, 'way2'));
    await assert.rejects(unpack(tar({ name: 'dir/victim', content: 'evil' }), { into: 'way2' }), { code: 'E_NOT_FOUND' });
    mkdirSync(join(root, 'in'));
    await refused(tar({ name: '../f', content: '' }), /leaves the root/, { into: 'in' });
  });

  it('does not pack what links outside lead to', async () => {
    symlinkSync(join(outside, 'dir'), join(root, 'way'));
    const path = join(root, 'out.tar');
    for (const from of ['way/victim', 'way', '../outside']) await assert.rejects(archive.pack(root, { path }, { from, followLink: true }), { code: 'E_NOT_FOUND' });
    await assert.rejects(archive.statInRoot(root, 'way/victim'), { code: 'E_NOT_FOUND' });
  });
});
