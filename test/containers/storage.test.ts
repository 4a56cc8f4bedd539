// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import { quotaEnable, quotaMode, quotaStale } from '../../lib/binding/quota';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import { initStore } from '../../lib/init';
import { LoopStore } from '../helpers/loop-store';
import { readAll, TestEngine } from '../helpers/engine';
import { buildStatic } from '../helpers/static-program';

const MIB = 1024 ** 2;

/** Makes a subvolume: `1 NAME` by the first version of the ioctl, `2 NAME` by the second, naming no quota groups at all. */
const SUBVOLUME = `
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
int main(int argc, char **argv) {
  int here = open(".", O_RDONLY);
  struct btrfs_ioctl_vol_args one = {0};
  struct btrfs_qgroup_inherit none = {0};
  struct btrfs_ioctl_vol_args_v2 two = {0};
  if (argc != 3) return 2;
  strcpy(one.name, argv[2]);
  strcpy(two.name, argv[2]);
  two.flags = BTRFS_SUBVOL_QGROUP_INHERIT;
  two.size = sizeof none;
  two.qgroup_inherit = &none;
  int made = *argv[1] == '1' ? ioctl(here, BTRFS_IOC_SUBVOL_CREATE, &one) : ioctl(here, BTRFS_IOC_SUBVOL_CREATE_V2, &two);
  printf("%s: %s\\n", argv[2], made == 0 ? "made" : strerror(errno));
  return 0;
}`;

describe('--storage-opt size', () => {
  let test: TestEngine;
  let programs: string;
  before(async function () {
    test = await TestEngine.create();
    try {
      await quotaEnable(test.root);
    } catch {
      await test.remove();
      console.log('    skipped: no simple quotas here, which came with Linux 6.7');
      this.skip();
    }
    programs = mkdtempSync(join(tmpdir(), 'programs-'));
    buildStatic(programs, 'subvolume', SUBVOLUME);
    chmodSync(programs, 0o755);
  });
  after(async () => {
    await test?.remove();
    if (programs !== undefined) rmSync(programs, { recursive: true });
  });
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
    await test.engine.volumes.prune({ all: true });
    assert.deepEqual(ownGroups(), [], 'no group of a limit is left');
  });

  /** Groups that were made for a limit. */
  const ownGroups = () => execFileSync('btrfs', ['qgroup', 'show', '--sync', test.root], { encoding: 'utf8' }).split('\n').filter((line) => line.startsWith('25708/'));
  const limited = (size: string, script: string, options: Partial<ContainerOptions> = {}): Promise<Container> =>
    test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', script], network: 'none', storageOptions: { size }, mounts: [`${programs}:/programs:ro`], ...options });
  const output = async (container: Container): Promise<string> => {
    const { stdout, stderr, exited } = await container.start({ attach: {} });
    const [out, err] = await Promise.all([readAll(stdout), readAll(stderr), exited]);
    return out + err;
  };
  const FILL = 'dd if=/dev/zero of=file bs=1M count=40 conv=fsync 2>&1 | grep -v records';

  it('limits what a container writes, not what its image holds', async () => {
    const container = await limited('8M', FILL);
    assert.match(await output(container), /Disk quota exceeded/);
    const { HostConfig } = await container.inspect();
    assert.deepEqual(HostConfig.StorageOpt, { size: '8M' });
    const size = (await test.engine.containers.sizes([container.id])).get(container.id) as number;
    assert.ok(size > 4 * MIB && size <= 8 * MIB, String(size));
    assert.match(await output(container), /Disk quota exceeded/, 'starts again although it is full');
    const image = await container.commit({ reference: 'full' });
    await container.remove();
    await test.engine.images.remove(image.id, { force: true });
  });

  it('counts what other containers write by themselves', async () => {
    const one = await limited('8M', 'dd if=/dev/urandom of=file bs=1M count=5 conv=fsync');
    const other = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', FILL], network: 'none' });
    await output(other);
    await output(one);
    const sizes = await test.engine.containers.sizes([one.id, other.id, 'nosuch']);
    assert.ok((sizes.get(one.id) as number) >= 5 * MIB && (sizes.get(one.id) as number) < 6 * MIB);
    assert.ok((sizes.get(other.id) as number) >= 40 * MIB);
    assert.equal(sizes.get('nosuch'), 0);
    const untouched = await test.engine.containers.create({ image: 'busybox', network: 'none' });
    assert.deepEqual([(await untouched.inspect({ size: true })).SizeRw, (await one.inspect({ size: true })).SizeRw], [0, sizes.get(one.id)]);
    const listed = await test.engine.containers.list({ all: true, size: true });
    assert.equal(listed.find(({ id }) => id === other.id)?.size?.rw, sizes.get(other.id));
  });

  it('holds for subvolumes that the payload makes, whichever way', async () => {
    const script = `cd /root; /programs/subvolume 1 first; /programs/subvolume 2 second; cd first; ${FILL}`;
    const container = await limited('8M', script);
    const out = await output(container);
    assert.match(out, /^first: made\nsecond: Operation not permitted\n.*Disk quota exceeded/);
    assert.ok(((await test.engine.containers.sizes([container.id])).get(container.id) as number) > 4 * MIB, 'counted');
  });

  it('holds for execs, without a seccomp policy and for root without a user namespace too', async () => {
    for (const isolation of [{}, { seccomp: 'unconfined' }, { userns: 'host' as const }]) {
      const container = await limited('8M', 'sleep 1000', { isolation });
      await container.start();
      const exec = await container.exec(['sh', '-c', 'cd /root; /programs/subvolume 2 second; /programs/subvolume 1 first']);
      assert.equal(await readAll(exec.stdout), 'second: Operation not permitted\nfirst: made\n');
    }
  });

  it('leaves containers without a limit alone', async () => {
    const container = await limited('8M', 'cd /root; /programs/subvolume 2 second', { storageOptions: {}, isolation: { userns: 'host' } });
    assert.equal(await output(container), 'second: made\n');
    assert.equal((await container.inspect()).HostConfig.StorageOpt, null);
  });

  it('works with ready snapshots, and for many containers at once', async () => {
    for (let i = 0; i < 6; i++) await limited('8M', 'true');
    const many = await test.engine.containers.createMany([1, 2, 3].map(() => ({ image: 'busybox', network: 'none', command: ['sh', '-c', FILL], storageOptions: { size: '4m' } })));
    assert.equal(ownGroups().length, 9);
    assert.match(await output(many[2] as Container), /Disk quota exceeded/);
  });

  it('limits a volume too', async () => {
    await test.engine.volumes.create({ name: 'small', options: { size: '8M' } });
    const container = await limited('8M', `cd /x; ${FILL}; /programs/subvolume 2 second`, { storageOptions: {}, mounts: ['small:/x', `${programs}:/programs:ro`] });
    assert.match(await output(container), /Disk quota exceeded\nsecond: Operation not permitted/);
    const sizes = await test.engine.volumes.sizes(['small']);
    assert.ok((sizes.get('small') as number) > 4 * MIB);
    await container.remove();
    await test.engine.volumes.remove('small');
  });

  it('leaves groups for the check to find when a process was killed', async () => {
    const container = await limited('8M', 'true');
    await btrfs.subvolumeDelete(join(test.root, 'containers', container.id), 'rootfs');
    await btrfs.sync(test.root);
    assert.equal((await quotaStale(test.root, false)).filter((group) => group.startsWith('25708/')).length, 1);
    const kinds: string[] = [];
    for await (const { kind } of test.engine.check({ repair: true })) kinds.push(kind);
    assert.ok(kinds.includes('quota group'), kinds.join());
    assert.deepEqual((await quotaStale(test.root, false)).filter((group) => group.startsWith('25708/')), []);
  });

  for (const [options, message] of [
    [{ size: 'big' }, "invalid size: 'big'"],
    [{ size: '-1' }, "invalid size: '-1'"],
    [{ size: '1k' }, "invalid size: '1k': 1M is the smallest"],
    [{ size: '' }, "invalid size: ''"],
    [{ inodes: '5' }, 'Unknown option inodes'],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, async () => {
      await assert.rejects(test.engine.containers.create({ image: 'busybox', storageOptions: options as Record<string, string> }), { code: 'E_INVALID', message });
    });
  }
});

describe('a store whose file system', () => {
  it('is its own gets simple quotas', async function () {
    const directory = mkdtempSync(join(tmpdir(), 'own-'));
    const root = join(directory, 'store');
    try {
      if ((await initStore({ root, size: 256 * MIB })).backing !== 'loop') {
        console.log('      skipped: the directory for temporary files is on btrfs, where a store is no image');
        this.skip();
      }
      assert.ok(['simple', 'none'].includes(await quotaMode(root)));
      const [major = 0, minor = 0] = execFileSync('uname', ['-r'], { encoding: 'utf8' }).split('.').map(Number);
      if (major > 6 || (major === 6 && minor >= 7)) assert.equal(await quotaMode(root), 'simple');
    } finally {
      await btrfs.unmount(root).catch(() => undefined);
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('is not its own has what it had, and says what is missing', async () => {
    await using test = await TestEngine.create({ mebibytes: 512 });
    assert.equal(await quotaMode(test.root), 'none');
    assert.equal((await test.engine.info()).quotas, 'none');
    const create = () => test.engine.containers.create({ image: 'busybox', storageOptions: { size: '1G' } });
    await assert.rejects(create(), { code: 'E_UNSUPPORTED', message: "a limit on disk space needs simple quotas, which are off on the store's file system" });
    await assert.rejects(test.engine.volumes.create({ name: 'data', options: { size: '1G' } }), { code: 'E_UNSUPPORTED' });
    await assert.rejects(test.engine.containers.create({ image: 'busybox', mounts: [{ type: 'volume', name: 'data', target: '/x', driverOptions: { size: '1G' } }] }), { code: 'E_UNSUPPORTED' });
    assert.equal((await test.engine.containers.sizes(['x'])).size, 0);
    execFileSync('btrfs', ['quota', 'enable', test.root]);
    assert.equal(await quotaMode(test.root), 'full');
    await assert.rejects(create(), { code: 'E_UNSUPPORTED', message: /it has full ones/ });
    execFileSync('btrfs', ['quota', 'disable', test.root]);
    assert.deepEqual(await test.engine.containers.list({ all: true }), []);
    assert.deepEqual(await test.engine.volumes.list(), []);
  });

  it('has no btrfs at all has no quotas either', async () => {
    await assert.rejects(quotaMode('/proc'), { name: 'DockerliteError' });
    const loop = await LoopStore.create(128);
    await assert.rejects(quotaEnable('/proc'), { name: 'DockerliteError' });
    await loop.remove();
  });
});
