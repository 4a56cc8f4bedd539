// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, existsSync, linkSync, lutimesSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as archive from '../../lib/binding/archive';
import { DecodedAhead } from '../../lib/binding/decode-ahead';
import * as btrfs from '../../lib/binding/btrfs';
import { buildTar } from '../helpers/hostile-archive';
import { LoopStore } from '../helpers/loop-store';
import { type Listed, listTree, setXattr, withoutBlocks } from '../helpers/tree-listing';

const ACL = '0200000001000600ffffffff02000400e803000004000400ffffffff10000400ffffffff20000400ffffffff';
const CAPABILITY = '0100000200040000000000000000000000000000';

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

describe('archives', () => {
  let store: LoopStore;
  let source: string;
  let expected: Listed[];
  let directories = 0;

  before(async () => {
    store = await LoopStore.create(512);
    source = fresh();
    makeTree(source);
    expected = listTree(source);
  });
  after(() => store.remove());

  function fresh(): string {
    const path = join(store.path, `d${++directories}`);
    mkdirSync(path);
    return path;
  }

  function tar(...args: string[]): Buffer {
    const all = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls', '--sparse', '--sort=name', ...args];
    return execFileSync('tar', [...all, '-C', source, '-cf', '-', '.'], { maxBuffer: 1 << 28 });
  }

  function file(content: Buffer): string {
    const path = join(store.path, `f${++directories}`);
    writeFileSync(path, content);
    return path;
  }

  /** A file that has so many bytes of it yet, open for reading, and what writes the rest. */
  function growing(content: Buffer, there: number): { fd: number; grow(): void } {
    const path = file(content.subarray(0, there));
    return { fd: openSync(path, 'r'), grow: () => appendFileSync(path, content.subarray(there)) };
  }

  function fifo(): string {
    const path = join(store.path, `p${++directories}`);
    execFileSync('mkfifo', [path]);
    return path;
  }

  /** Runs `pack(root, { fd: 1 })` in a process of its own, whose output is what the shell makes it. */
  function packElsewhere(root: string, shell: string): { stdout: Buffer; stderr: string } {
    const script = `require(${JSON.stringify(require.resolve('../../lib/binding/archive'))}).pack(${JSON.stringify(root)}, { fd: 1 })
      .catch((error) => console.error(error.syscall, require('node:util').getSystemErrorName(-error.errno)))`;
    const { stdout, stderr } = spawnSync('sh', ['-c', shell, process.execPath, script], { maxBuffer: 1 << 28 });
    return { stdout, stderr: stderr.toString() };
  }

  const sameTree = (directory: string) => assert.deepEqual(withoutBlocks(listTree(directory)), withoutBlocks(expected));

  describe('unpack', () => {
    it('unpacks a file that somebody still writes', async () => {
    const content = buildTar([{ name: 'first', content: 'x'.repeat(600_000) }, { name: 'last', content: 'y' }]);
    for (const there of [0, 1, 512, 400_000, content.length - 1]) {
      const root = fresh();
      const { fd, grow } = growing(content, there);
      const decoded = DecodedAhead.begin({ fd, growsTo: content.length });
      const done = decoded.unpack(root);
      closeSync(fd);
      if (there > 512) while (!existsSync(join(root, 'first'))) await new Promise(setImmediate);
      grow();
      decoded.grown();
      assert.equal((await done).digest, sha256(content));
      assert.equal(readFileSync(join(root, 'last'), 'utf8'), 'y');
    }
  });

  it('waits for more of a file no longer than its caller', async () => {
    const { fd } = growing(buildTar([{ name: 'first', content: 'x'.repeat(600_000) }]), 400_000);
    const root = fresh();
    const stop = new AbortController();
    const done = DecodedAhead.begin({ fd, growsTo: 2 ** 40 }).unpack(root, { signal: stop.signal });
    closeSync(fd);
    while (!existsSync(join(root, 'first'))) await new Promise(setImmediate);
    stop.abort();
    await assert.rejects(done, { code: 'E_ABORTED' });
  });

  it('lets go of a file that is never unpacked, whole or not', async () => {
    for (const there of [0, 400_000]) {
      const { fd } = growing(buildTar([{ name: 'first', content: 'x'.repeat(600_000) }]), there);
      const decoded = DecodedAhead.begin({ fd, growsTo: 2 ** 40 });
      closeSync(fd);
      await decoded.close();
      await decoded.close();
      await assert.rejects(decoded.unpack(fresh()), TypeError);
    }
  });

  it('gives what GNU tar packed as PAX', async () => {
      const root = fresh();
      const { entries, bytes } = await archive.unpack({ path: file(tar('--format=posix')) }, root);
      sameTree(root);
      assert.equal(entries, expected.length);
      assert.ok(bytes < 64 * 1024 ** 2, 'holes are not content');
      const sparse = listTree(root).find((one) => one.path === './a/sparse');
      assert.ok(sparse!.blocks! < 1024, `the hole uses ${sparse!.blocks} blocks`);
    });

    it('gives what GNU tar packed in its own format, whole seconds and no attributes', async () => {
      const root = fresh();
      const packed = execFileSync('tar', ['--format=gnu', '--numeric-owner', '--sparse', '-C', source, '-cf', '-', '.'], { maxBuffer: 1 << 28 });
      await archive.unpack({ path: file(packed) }, root);
      const plain = expected.map((one) => ({ ...one, xattrs: {}, mtime: String(wholeSeconds(BigInt(one.mtime))) }));
      assert.deepEqual(withoutBlocks(listTree(root)), withoutBlocks(plain));
    });

    for (const [name, command] of [['gzip', 'gzip -n'], ['zstd', 'zstd -q'], ['xz', 'xz -0'], ['bzip2', 'bzip2'], ['no compression', 'cat']] as const) {
      it(`reads ${name} and says what it read`, async () => {
        const plain = tar('--format=posix');
        const packed = execFileSync('sh', ['-c', command], { input: plain, maxBuffer: 1 << 28 });
        const root = fresh();
        const result = await archive.unpack({ path: file(packed) }, root);
        sameTree(root);
        assert.equal(result.digest, sha256(packed));
        assert.equal(result.diffId, sha256(plain));
      });
    }

    it('reads from a pipe that another process fills', async () => {
      const root = fresh();
      const path = file(tar('--format=posix'));
      const writer = spawn('sh', ['-c', 'exec cat "$0" > "$1"', path, fifo()], { stdio: 'inherit' });
      await archive.unpack({ path: writer.spawnargs.at(-1)! }, root);
      sameTree(root);
    });

    it('stops when aborted while its source says nothing', async () => {
      const silent = openSync(fifo(), 'r+');
      const abort = new AbortController();
      const job = archive.unpack({ fd: silent }, fresh(), { signal: abort.signal });
      closeSync(silent);
      abort.abort();
      await assert.rejects(job, { code: 'E_ABORTED' });
      await assert.rejects(archive.unpack({ fd: 0 }, source, { signal: AbortSignal.abort() }), { code: 'E_ABORTED' });
    });

    it('unpacks into a directory inside the root and leaves its meta alone', async () => {
      const root = fresh();
      mkdirSync(join(root, 'real/dir'), { recursive: true, mode: 0o700 });
      symlinkSync('/real', join(root, 'way'));
      await archive.unpack({ path: file(buildTar([{ name: './', type: '5', mode: 0o777 }, { name: 'f', content: 'x' }])) }, root, { into: 'way/dir' });
      assert.equal(readFileSync(join(root, 'real/dir/f'), 'utf8'), 'x');
      assert.equal(listTree(join(root, 'real/dir'))[0]!.mode & 0o777, 0o700);
      await assert.rejects(archive.unpack({ path: file(buildTar([])) }, root, { into: 'none' }), { code: 'E_NOT_FOUND' });
    });

    it('gives everything to one owner when asked to', async () => {
      const root = fresh();
      await archive.unpack({ path: file(tar('--format=posix')) }, root, { owner: { uid: 7, gid: 8 } });
      assert.deepEqual([...new Set(listTree(root).map((one) => `${one.uid}:${one.gid}`))], ['7:8']);
    });

    it('reports a full disk', async () => {
      const small = fresh();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small]);
      try {
        const big = file(buildTar([{ name: 'a', content: Buffer.alloc(1 << 20, 1) }, { name: 'b', content: Buffer.alloc(4 << 20, 2) }]));
        await assert.rejects(archive.unpack({ path: big }, small), { code: 'E_NO_SPACE' });
      } finally {
        await btrfs.unmount(small);
      }
    });

    it('says so when there is no such archive', async () => {
      await assert.rejects(archive.unpack({ path: join(store.path, 'none') }, fresh()), { code: 'E_NOT_FOUND' });
    });
  });

  describe('pack', () => {
    it('packs what GNU tar unpacks to the same tree', async () => {
      const root = fresh();
      const path = file(Buffer.alloc(0));
      const { entries } = await archive.pack(source, { path });
      assert.equal(entries, expected.length);
      execFileSync('tar', ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls', '-xpf', path, '-C', root], { stdio: 'pipe' });
      sameTree(root);
    });

    it('packs what unpack unpacks to the same tree, and that to the same bytes', async () => {
      const root = fresh();
      const [first, second] = [file(Buffer.alloc(0)), file(Buffer.alloc(0))];
      await archive.pack(source, { path: first });
      await archive.unpack({ path: first }, root);
      sameTree(root);
      await archive.pack(root, { path: second });
      assert.ok(readFileSync(first).equals(readFileSync(second)));
    });

    it('packs one entry, renamed, excluded parts left out, links followed within the root only', async () => {
      const root = fresh();
      mkdirSync(join(root, 'etc/deep'), { recursive: true });
      writeFileSync(join(root, 'etc/passwd'), 'inside\n');
      writeFileSync(join(root, 'etc/deep/f'), '');
      symlinkSync('/etc/passwd', join(root, 'link'));
      const list = async (options: Parameters<typeof archive.pack>[2]) => {
        const path = file(Buffer.alloc(0));
        await archive.pack(root, { path }, options);
        return execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n');
      };
      assert.deepEqual(await list({}), ['./', 'etc/', 'etc/deep/', 'etc/deep/f', 'etc/passwd', 'link']);
      assert.deepEqual(await list({ from: '/etc', exclude: ['etc/deep'] }), ['etc/', 'etc/passwd']);
      assert.deepEqual(await list({ from: '../../etc/deep', rename: 'x' }), ['x/', 'x/f']);
      const path = file(Buffer.alloc(0));
      await archive.pack(root, { path }, { from: 'link', followLink: true });
      assert.equal(execFileSync('tar', ['-xOf', path, 'link'], { encoding: 'utf8' }), 'inside\n');
      await assert.rejects(archive.pack(root, { path }, { from: 'none' }), { code: 'E_NOT_FOUND' });
    });

    it('ends with EPIPE when its reader has gone, and stops when aborted while nobody reads', async () => {
      const root = fresh();
      writeFileSync(join(root, 'big'), Buffer.alloc(4 << 20, 1));
      assert.equal(packElsewhere(root, '"$0" -e "$1" | true').stderr, 'write EPIPE\n');
      const unread = openSync(fifo(), 'r+');
      const abort = new AbortController();
      const job = archive.pack(root, { fd: unread }, { signal: abort.signal });
      abort.abort();
      await assert.rejects(job, { code: 'E_ABORTED' });
      closeSync(unread);
    });

    it('writes the same to a file, a pipe and a socket', async () => {
      const path = file(Buffer.alloc(0));
      await archive.pack(source, { path });
      assert.ok(packElsewhere(source, '"$0" -e "$1" | cat').stdout.equals(readFileSync(path)));
      assert.ok(packElsewhere(source, 'exec "$0" -e "$1"').stdout.equals(readFileSync(path)), 'a child of Node has a socket there');
    });
  });

  describe('copyTree', () => {
    it('copies everything and shares extents on one file system', async () => {
      const root = fresh();
      const { entries } = await archive.copyTree(source, root);
      assert.equal(entries, expected.length);
      sameTree(root);
      execFileSync('sync', ['-f', root]);
      const [total, exclusive] = execFileSync('btrfs', ['filesystem', 'du', '--raw', '-s', root], { encoding: 'utf8' }).split('\n')[1]!.trim().split(/\s+/);
      assert.ok(Number(exclusive) < Number(total) / 10, `${exclusive} of ${total} bytes are not shared`);
    });

    it('copies from another file system, holes kept', async () => {
      const other = fresh();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', other]);
      try {
        writeFileSync(join(other, 'f'), 'content');
        writeFileSync(join(other, 'sparse'), 'start');
        truncateSync(join(other, 'sparse'), 2 ** 32);
        const root = fresh();
        await archive.copyTree(other, root);
        assert.deepEqual(withoutBlocks(listTree(root)), withoutBlocks(listTree(other)));
        assert.ok(listTree(root).find((one) => one.path === './sparse')!.blocks! < 1024);
      } finally {
        await btrfs.unmount(other);
      }
    });

    it('does not copy a root into itself', async () => {
      const root = join(source, 'root');
      mkdirSync(root);
      try {
        await archive.copyTree(source, root);
        assert.ok(!listTree(root).some((one) => one.path === './root'));
      } finally {
        rmSync(root, { recursive: true });
      }
    });
  });

  it('stats paths in the root, links resolved within it', async () => {
    const root = fresh();
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/f'), 'four');
    lutimesSync(join(root, 'etc/f'), 1, 1.5);
    symlinkSync('../../../etc', join(root, 'way'));
    assert.deepEqual(await archive.statInRoot(root, '/way/f'), { name: 'f', size: 4, mode: 0o100644, mtimeNs: 1_500_000_000n, linkTarget: '' });
    const link = await archive.statInRoot(root, 'way');
    assert.equal(link.linkTarget, '../../../etc');
    assert.equal(link.mode & 0o170000, 0o120000);
    assert.equal((await archive.statInRoot(root, 'way/')).mode & 0o170000, 0o040000);
    assert.equal((await archive.statInRoot(root, '/../..')).name, '/');
    await assert.rejects(archive.statInRoot(root, 'etc/passwd'), { code: 'E_NOT_FOUND' });
  });
});

/** Rounded down, as time before 1970 is kept. */
const wholeSeconds = (ns: bigint) => ns - (((ns % 10n ** 9n) + 10n ** 9n) % 10n ** 9n);

/** One of everything. */
function makeTree(top: string): void {
  const at = (path: string) => join(top, path);
  mkdirSync(at('a/deep/er'), { recursive: true });
  writeFileSync(at('a/file'), 'content\n');
  writeFileSync(at('a/large'), Buffer.alloc(3_000_001, 'abcdefg'));
  writeFileSync(at('a/empty'), '');
  linkSync(at('a/file'), at('a/deep/hard'));
  symlinkSync('/etc/passwd', at('a/absolute'));
  symlinkSync('x'.repeat(300), at('a/long-link'));
  linkSync(at('a/absolute'), at('a/hard-to-link'));
  execFileSync('mknod', [at('a/null'), 'c', '1', '3']);
  execFileSync('mknod', [at('a/disk'), 'b', '259', '70000']);
  execFileSync('mkfifo', [at('a/fifo')]);
  writeFileSync(at('a/sparse'), 'start');
  truncateSync(at('a/sparse'), 2 ** 32);
  execFileSync('dd', ['if=/dev/zero', `of=${at('a/sparse')}`, 'bs=4k', 'seek=100000', 'count=1', 'conv=notrunc', 'status=none']);
  writeFileSync(at('a/all-hole'), '');
  truncateSync(at('a/all-hole'), 10_000_000);
  writeFileSync(at('n'.repeat(255)), 'long name');
  writeFileSync(at('e\u0301 is not \u00e9'), 'decomposed');
  writeFileSync(Buffer.concat([Buffer.from(`${top}/bad\xff`, 'latin1')]), 'not UTF-8');
  writeFileSync(Buffer.concat([Buffer.from(`${top}/${'l'.repeat(120)}`), Buffer.from([0xfe, 0xff])]), 'long and not UTF-8');
  writeFileSync(at('with\nnewline'), '');
  writeFileSync(at('setuid'), '#!');
  writeFileSync(at('acl'), 'x');
  setXattr(at('a/file'), 'user.with=sign', '00ff0a');
  setXattr(at('a/file'), 'trusted.t', '31');
  setXattr(at('setuid'), 'security.capability', CAPABILITY);
  setXattr(at('acl'), 'system.posix_acl_access', ACL);
  setXattr(at('a/deep'), 'system.posix_acl_default', ACL);
  setXattr(at('a/deep'), 'user.dir', '');
  execFileSync('chown', ['-h', '70000:3000000', at('a/file'), at('a/absolute'), at('a/deep')]);
  execFileSync('chmod', ['6711', at('a/large')]);
  execFileSync('chmod', ['1777', at('a')]);
  execFileSync('touch', ['-h', '-d', '1965-03-04 05:06:07.000000089', at('a/absolute'), at('a/empty')]);
  execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789', at('a/deep/er'), at('a/deep'), at('a'), top]);
}
