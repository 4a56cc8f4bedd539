// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import * as snapshot from '../../lib/binding/snapshot';
import { LoopStore } from '../helpers/loop-store';
import { RandomTree, seeded } from '../helpers/random-tree';
import { enveloped, opened } from '../helpers/send-stream';
import { type Listed, listTree, withoutBlocks } from '../helpers/tree-listing';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1e6);
const ROUNDS = 5;

/** The tools of btrfs-progs say whether our streams are what the kernel's are, and give us theirs to apply. */
describe(`snapshots as streams, beside btrfs-progs (seed ${SEED})`, function () {
  this.timeout(300_000);
  let here: LoopStore;
  let there: LoopStore;

  before(async () => {
    here = await LoopStore.create(1024);
    there = await LoopStore.create(1024);
  });
  after(async () => {
    await there.remove();
    await here.remove();
  });

  /** A read-only snapshot of `here`/work. */
  async function freeze(name: string): Promise<string> {
    await btrfs.snapshotCreate(join(here.path, 'work'), here.path, name, true);
    return join(here.path, name);
  }

  async function send(tree: string, parent?: string): Promise<Buffer> {
    const path = join(here.directory, 'stream');
    await snapshot.send(tree, { path }, { description: '{}', ...(parent !== undefined && { parent }) });
    return fs.readFileSync(path);
  }

  /** Applies a stream of the kernel's below `there`. */
  async function apply(stream: Buffer, name: string, parent?: string): Promise<string> {
    const path = join(there.directory, 'envelope');
    fs.writeFileSync(path, enveloped(stream));
    const tree = join(there.path, name);
    if (parent === undefined) await btrfs.subvolumeCreate(there.path, name);
    else await btrfs.snapshotCreate(parent, there.path, name, false);
    const source = await snapshot.open({ path });
    try {
      assert.equal((await snapshot.next(source, {}))?.toString(), '{}');
      await snapshot.receive(source, { tree, ...(parent !== undefined && { parent }) });
      assert.equal(await snapshot.next(source, {}), undefined);
    } finally {
      await snapshot.close(source);
    }
    await btrfs.subvolumeSetReadonly(tree, true);
    return tree;
  }

  const theirs = (...args: string[]) => execFileSync('btrfs', ['send', '-q', ...args], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
  const equal = (a: string, b: string, shown: (entry: Listed) => object = (entry) => entry) =>
    assert.deepEqual(withoutBlocks(listTree(a)).map(shown), withoutBlocks(listTree(b)).map(shown));

  async function clear(): Promise<void> {
    for (const { path } of [here, there]) for (const name of fs.readdirSync(path)) await btrfs.subvolumeDelete(path, name);
    await btrfs.subvolumeCreate(here.path, 'work');
  }

  it('random trees and their changes, in both directions', async () => {
    const random = seeded(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      await clear();
      const tree = new RandomTree(join(here.path, 'work'), random);
      tree.mutate(40 + random(60));
      const a = await freeze('a');
      tree.mutate(1 + random(80));
      const b = await freeze('b');
      // Ours by ours.
      const wholeA = opened(await send(a)).stream;
      const difference = opened(await send(b, a)).stream;
      const ownA = await apply(wholeA, 'own-a');
      equal(a, ownA);
      equal(b, await apply(difference, 'own-b', ownA));
      // Theirs by ours.
      const appliedA = await apply(theirs(a), 'applied-a');
      equal(a, appliedA);
      equal(b, await apply(theirs('-p', a, b), 'applied-b', appliedA));
      equal(b, await apply(theirs('--proto', '2', '--compressed-data', '-p', a, b), 'applied-c', appliedA));
      // Ours by theirs.
      for (const stream of [wholeA, difference]) execFileSync('btrfs', ['receive', '-q', there.path], { input: stream, stdio: ['pipe', 'ignore', 'pipe'] });
      equal(a, join(there.path, 'a'));
      // New files get passing names in the root, whose times btrfs-progs then leave as they come.
      equal(b, join(there.path, 'b'), ({ path, mtime, ...rest }) => (path === '.' ? { path, ...rest } : { path, mtime, ...rest }));
    }
  });

  it('everything a tree can have in it', async () => {
    await clear();
    const work = join(here.path, 'work');
    execFileSync('python3', ['-c', EVERYTHING, work]);
    const a = await freeze('a');
    execFileSync('python3', ['-c', CHANGES, work]);
    const b = await freeze('b');
    const whole = opened(await send(a)).stream;
    const ownA = await apply(whole, 'own-a');
    equal(a, ownA);
    const difference = opened(await send(b, a)).stream;
    assert.ok(difference.length < 300_000, `${difference.length} bytes: moved and shared data is not sent again`);
    const ownB = await apply(difference, 'own-b', ownA);
    equal(b, ownB);
    assert.ok(fs.statSync(join(ownB, 'sparse')).blocks < 100, 'holes stay holes');
    equal(b, await apply(theirs('-p', a, b), 'applied', ownA));
    for (const stream of [whole, difference]) execFileSync('btrfs', ['receive', '-q', there.path], { input: stream, stdio: ['pipe', 'ignore', 'pipe'] });
    equal(b, join(there.path, 'b'));
  });

  it('compressed extents, as they are on the disk', async () => {
    await clear();
    const work = join(here.path, 'work');
    execFileSync('btrfs', ['property', 'set', work, 'compression', 'zstd']);
    fs.writeFileSync(join(work, 'text'), 'the same again and again, '.repeat(100_000));
    fs.writeFileSync(join(work, 'odd'), 'not a multiple of anything '.repeat(1234));
    execFileSync('sync', ['-f', work]);
    const a = await freeze('a');
    const stream = theirs('--proto', '2', '--compressed-data', a);
    assert.ok(stream.length < 1_000_000, `${stream.length} bytes are not compressed`);
    equal(a, await apply(stream, 'applied'));
  });
});

const EVERYTHING = `
import os, socket, stat, sys
top = os.fsencode(sys.argv[1]); os.chdir(top)
def put(name, data, mode=0o644):
    with open(name, 'wb') as f: f.write(data)
    os.chmod(name, mode)
put(b'plain', b'text'); put(b'empty', b''); put(b'setuid', b'x', 0o4755); put(b'large', os.urandom(3_000_001))
put(b'\\xff\\xfe\\n', b'not UTF-8'); put(b'attributes', b'x')
os.setxattr(b'attributes', b'user.empty', b''); os.setxattr(b'attributes', b'user.bytes', bytes(range(256)))
os.setxattr(b'attributes', b'trusted.\\xc3\\xa4', b'1'); os.setxattr(b'attributes', b'security.capability', bytes.fromhex('0100000200200000000000000000000000000000'))
os.mkdir(b'directory', 0o1777); os.setxattr(b'directory', b'user.x', b'y')
os.setxattr(b'directory', 'system.posix_acl_default', bytes.fromhex('0200000001000700ffffffff04000500ffffffff20000500ffffffff'))
put(b'directory/one', b'linked'); os.link(b'directory/one', b'two'); os.link(b'directory/one', b'directory/three')
os.symlink(b'/etc/passwd', b'absolute'); os.symlink(b'../../..', b'directory/out'); os.symlink(b'x' * 4000, b'long')
os.mknod(b'null', 0o666 | stat.S_IFCHR, os.makedev(1, 3)); os.mknod(b'disk', 0o660 | stat.S_IFBLK, os.makedev(259, 70000)); os.mkfifo(b'fifo', 0o600)
s = socket.socket(socket.AF_UNIX); s.bind(b'socket')
with open(b'sparse', 'wb') as f: f.seek(1 << 36); f.write(b'end'); f.truncate((1 << 36) + 12345)
deep = b'deep'
for i in range(12): os.mkdir(deep); deep += b'/' + b'd' * 200
os.chown(b'plain', 1234567, 7654321); os.lchown(b'absolute', 5, 6)
os.utime(b'plain', ns=(1, 1234567890123456789)); os.utime(b'absolute', ns=(3, 4), follow_symlinks=False); os.utime(b'directory', ns=(0, -1))
os.utime(b'null', ns=(7, 8)); os.chmod(b'.', 0o750); os.utime(b'.', ns=(11, 12))
`;

const CHANGES = `
import fcntl, os, sys
os.chdir(os.fsencode(sys.argv[1]))
os.rename('large', 'directory/moved')
with open('directory/moved', 'rb') as a, open('copy', 'wb') as b: fcntl.ioctl(b.fileno(), 0x40049409, a.fileno())
with open('directory/moved', 'r+b') as f: f.seek(1_000_000); f.write(b'changed')
with open('plain', 'ab') as f: f.write(b'more')
with open('sparse', 'r+b') as f: f.truncate(100)
os.remove('directory/one'); os.remove('attributes'); os.mkdir('attributes'); os.setxattr('attributes', 'user.empty', b'no')
os.rename('deep', 'DEEP'); os.rename('two', 'null'); os.removexattr('directory', 'user.x'); os.chmod('setuid', 0o2711)
os.symlink('elsewhere', 'new'); os.remove('absolute'); os.utime('directory', ns=(5, 6))
`;
