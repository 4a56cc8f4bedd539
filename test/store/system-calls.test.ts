// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as btrfs from '../../lib/binding/btrfs';
import { LoopStore, makeImage } from '../helpers/loop-store';
import { until } from '../helpers/supervision';

describe('binding/btrfs: mounts and files', () => {
  let directory: string;

  beforeEach(() => {
    directory = fs.mkdtempSync(join(tmpdir(), 'dockerlite-calls-'));
  });
  afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

  const path = (...names: string[]) => join(directory, ...names);
  const devicesOf = (image: string) =>
    fs.readdirSync('/sys/block').filter((name) => {
      const file = `/sys/block/${name}/loop/backing_file`;
      return fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === image;
    });

  describe('mountLoop', () => {
    it('uses one device however many mount at once, and frees it', async () => {
      makeImage(path('image'), 128);
      for (const name of ['one', 'two words\n']) fs.mkdirSync(path(name));
      await btrfs.mountLoop(path('image'), path('one'));
      await btrfs.mountLoop(path('image'), path('one'));
      await btrfs.mountLoop(path('image'), path('two words\n'));
      await btrfs.mountLoop(path('image'), path('two words\n'));
      assert.equal(devicesOf(path('image')).length, 1);
      fs.writeFileSync(path('one', 'file'), '1');
      assert.equal(fs.readFileSync(path('two words\n', 'file'), 'utf8'), '1');
      const info = await btrfs.statfs(path('one'));
      assert.equal(info.type, 0x9123683e);
      assert.equal(info.total, 128 * 1024 ** 2);
      assert.ok(info.free > 0 && info.available > 0 && !info.readonly);
      await btrfs.unmount(path('one'));
      await btrfs.unmount(path('two words\n'));
      assert.deepEqual(devicesOf(path('image')), []);
      await assert.rejects(btrfs.unmount(path('one')), { errno: 22 });
    });

    it('is safe when processes mount at the same time', async () => {
      makeImage(path('image'), 128);
      fs.mkdirSync(path('mnt'));
      const code = `require(${JSON.stringify(require.resolve('../../lib/binding/btrfs'))}).mountLoop(...process.argv.slice(1))`;
      const run = promisify(execFile);
      await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, ['-e', code, path('image'), path('mnt')])));
      assert.equal(devicesOf(path('image')).length, 1);
      await btrfs.unmount(path('mnt'));
      await assert.rejects(btrfs.unmount(path('mnt')), { errno: 22 });
    });

    it('finds a device by the file, not by its name', async () => {
      await using store = await LoopStore.create(128);
      fs.linkSync(store.image, path('other-name'));
      fs.mkdirSync(path('mnt'));
      await btrfs.mountLoop(path('other-name'), path('mnt'));
      assert.equal(devicesOf(store.image).length + devicesOf(path('other-name')).length, 1);
      await btrfs.mountDevice(`/dev/${devicesOf(store.image)[0]}`, path('mnt'));
      await btrfs.unmount(path('mnt'));
    });

    it('refuses what is no btrfs image and keeps no device', async () => {
      fs.mkdirSync(path('mnt'));
      fs.writeFileSync(path('zeros'), Buffer.alloc(1 << 20));
      fs.writeFileSync(path('odd'), 'not much');
      await assert.rejects(btrfs.mountLoop(path('zeros'), path('mnt')), /does not hold a btrfs/);
      await assert.rejects(btrfs.mountLoop(path('odd'), path('mnt')), { code: 'E_SYSTEM' });
      await assert.rejects(btrfs.mountLoop(path('none'), path('mnt')), { code: 'E_NOT_FOUND' });
      await assert.rejects(btrfs.mountLoop(path('mnt'), path('mnt')), { code: 'E_SYSTEM' });
      await assert.rejects(btrfs.mountLoop('/dev/zero', path('mnt')), /not a regular file/);
      await assert.rejects(btrfs.mountLoop(path('zeros'), path('none')), { code: 'E_NOT_FOUND' });
      await assert.rejects(btrfs.mountDevice('/dev/zero', path('mnt')), { code: 'E_SYSTEM' });
      // Whoever looks into what is new, as udev does, holds a device for a moment.
      await until(async () => ['zeros', 'odd'].flatMap((name) => devicesOf(path(name))), (devices) => devices.length === 0);
    });

    it('does not mount over something else', async () => {
      await using store = await LoopStore.create(128);
      makeImage(path('image'), 128);
      await assert.rejects(btrfs.mountLoop(path('image'), store.path), { errno: 16, message: /something else is mounted/ });
      await assert.rejects(btrfs.mountDevice('/dev/zero', store.path), { errno: 16 });
    });
  });

  describe('probeSignature', () => {
    const write = (offset: number, bytes: string) => {
      const file = path('probed');
      fs.writeFileSync(file, Buffer.alloc(3 << 20));
      const fd = fs.openSync(file, 'r+');
      fs.writeSync(fd, Buffer.from(bytes, 'latin1'), 0, undefined, offset);
      fs.closeSync(fd);
      return file;
    };
    const table: [string, number, string][] = [
      ['', 0, '\0'],
      ['unknown', 12345, 'x'],
      ['unknown', (3 << 20) - 100, 'x'],
      ['ext', 0x438, '\x53\xef'],
      ['xfs', 0, 'XFSB'],
      ['luks', 0, 'LUKS\xba\xbe'],
      ['swap', 4086, 'SWAPSPACE2'],
      ['lvm', 512, 'LABELONE'],
      ['gpt', 512, 'EFI PART'],
      ['mbr', 510, '\x55\xaa'],
      ['iso9660', 0x8001, 'CD001'],
    ];
    for (const [word, offset, bytes] of table) {
      it(`says '${word}' of ${JSON.stringify(bytes)} at ${offset}`, async () => {
        assert.equal(await btrfs.probeSignature(write(offset, bytes)), word);
      });
    }

    it('knows file systems as they are made', async () => {
      makeImage(path('btrfs'), 128);
      assert.equal(await btrfs.probeSignature(path('btrfs')), 'btrfs');
      fs.writeFileSync(path('ext'), Buffer.alloc(4 << 20));
      execFileSync('mkfs.ext4', ['-q', path('ext')], { stdio: 'pipe' });
      assert.equal(await btrfs.probeSignature(path('ext')), 'ext');
    });

    it('takes short files and refuses what cannot be probed', async () => {
      fs.writeFileSync(path('empty'), '');
      fs.writeFileSync(path('short'), 'x');
      assert.equal(await btrfs.probeSignature(path('empty')), '');
      assert.equal(await btrfs.probeSignature(path('short')), 'unknown');
      execFileSync('mkfifo', [path('fifo')]);
      for (const name of ['fifo', '.', 'none']) await assert.rejects(btrfs.probeSignature(path(name)));
    });
  });

  describe('renameNoReplace', () => {
    it('renames, but never over something', async () => {
      fs.writeFileSync(path('a'), 'a');
      await btrfs.renameNoReplace(path('a'), path('b'));
      fs.writeFileSync(path('a'), 'other');
      await assert.rejects(btrfs.renameNoReplace(path('a'), path('b')), { code: 'E_CONFLICT', path: path('b') });
      await assert.rejects(btrfs.renameNoReplace(path('none'), path('c')), { code: 'E_NOT_FOUND', path: path('none') });
      assert.equal(fs.readFileSync(path('b'), 'utf8'), 'a');
    });
  });

  describe('mount points', () => {
    const directories = ['/proc', '/dev', '/var/lib/deep'];
    const files = ['/etc/hosts', '/etc/hostname'];
    const root = () => path('root');

    beforeEach(() => fs.mkdirSync(root()));

    it('makes what is missing, once', async () => {
      const umask = process.umask(0o077);
      try {
        assert.deepEqual(await btrfs.missingMountPoints(root(), directories, files), [...directories, ...files]);
        assert.equal(await btrfs.makeMountPoints(root(), directories, files), true);
      } finally {
        process.umask(umask);
      }
      assert.deepEqual(await btrfs.missingMountPoints(root(), directories, files), []);
      assert.equal(await btrfs.makeMountPoints(root(), directories, files), false);
      assert.equal(fs.statSync(join(root(), 'var/lib/deep')).mode & 0o7777, 0o755);
      assert.equal(fs.statSync(join(root(), 'etc')).mode & 0o7777, 0o755);
      assert.equal(fs.statSync(join(root(), 'etc/hosts')).mode & 0o7777, 0o644);
      assert.equal(fs.statSync(join(root(), 'etc/hosts')).size, 0);
    });

    it('leaves alone what exists, whatever it is', async () => {
      fs.mkdirSync(join(root(), 'etc/hosts'), { recursive: true });
      fs.writeFileSync(join(root(), 'proc'), 'kept');
      fs.symlinkSync('hostname', join(root(), 'etc/hostname'));
      assert.deepEqual(await btrfs.missingMountPoints(root(), ['/proc'], files), []);
      assert.equal(await btrfs.makeMountPoints(root(), ['/proc'], files), false);
      assert.equal(fs.readFileSync(join(root(), 'proc'), 'utf8'), 'kept');
    });

    it('makes what links to nothing lead to', async () => {
      fs.mkdirSync(join(root(), 'etc'));
      fs.symlinkSync('../run/hostname', join(root(), 'etc/hostname'));
      fs.symlinkSync('/run/one', join(root(), 'etc/hosts'));
      fs.mkdirSync(join(root(), 'run'));
      fs.symlinkSync('two', join(root(), 'run/one'));
      assert.equal(await btrfs.makeMountPoints(root(), [], files), true);
      assert.deepEqual(fs.readdirSync(join(root(), 'run')).sort(), ['hostname', 'one', 'two']);
      assert.equal(await btrfs.makeMountPoints(root(), [], files), false);
    });

    it('never leaves the tree', async () => {
      fs.mkdirSync(path('outside'));
      for (const [name, target] of [['up', '../../../../../..'], ['top', '/'], ['etc', path('outside')]] as const) fs.symlinkSync(target, join(root(), name));
      fs.mkdirSync(join(root(), 'lib'));
      assert.equal(await btrfs.makeMountPoints(root(), ['/up/lib/deep', '/top/shm'], []), true);
      assert.deepEqual(fs.readdirSync(root()).sort(), ['etc', 'lib', 'shm', 'top', 'up']);
      assert.ok(fs.existsSync(join(root(), 'lib/deep')));
      // An absolute link leads to where it would if the tree were all there is.
      assert.equal(await btrfs.makeMountPoints(root(), [], ['/etc/hosts']), true);
      assert.ok(fs.existsSync(join(root(), path('outside'), 'hosts')));
      assert.deepEqual(fs.readdirSync(path('outside')), []);
      for (const bad of ['/a/../../b', '..', './x']) await assert.rejects(btrfs.makeMountPoints(root(), [bad], []), { errno: 22 });
    });

    it('reports a file where a directory has to be', async () => {
      fs.writeFileSync(join(root(), 'etc'), '');
      assert.deepEqual(await btrfs.missingMountPoints(root(), [], ['/etc/hosts']), ['/etc/hosts']);
      await assert.rejects(btrfs.makeMountPoints(root(), [], ['/etc/hosts']), { errno: 20 });
    });
  });
});
