// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as btrfs from '../../lib/binding/btrfs';
import { Engine } from '../../lib/engine';
import { TestEngine } from '../helpers/engine';

const run = promisify(execFile);
const cli = join(__dirname, '../../../bin/dockerlite.js');

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

async function outcome(command: string, args: string[], options: object = {}): Promise<Outcome> {
  try {
    return { code: 0, ...(await run(command, args, options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

describe('a full disk', () => {
  it('in the middle of an import leaves nothing of it, and a store that works', async () => {
    await using test = await TestEngine.create({ mebibytes: 400 });
    const big = join(test.loop.directory, 'big');
    mkdirSync(big);
    const block = randomFillSync(Buffer.alloc(1 << 20));
    const fd = openSync(join(big, 'file'), 'w');
    for (let i = 0; i < 600; i++) writeSync(fd, block);
    closeSync(fd);
    const tar = join(test.loop.directory, 'big.tar');
    await run('tar', ['-C', big, '-cf', tar, '.']);
    const before = (await test.engine.images.list()).length;
    for (const path of [big, tar]) {
      await assert.rejects(test.engine.images.import({ path }, { reference: 'big' }), { code: 'E_NO_SPACE' });
      assert.equal((await test.engine.images.list()).length, before);
      assert.equal(readdirSync(join(test.root, 'images')).length, before);
      assert.deepEqual(readdirSync(join(test.root, 'tmp')), []);
    }
    await btrfs.sync(test.root);
    const container = await test.engine.containers.create({ image: 'busybox', command: ['true'], network: 'none' });
    await container.start();
    assert.equal((await container.wait()).exitCode, 0);
  });

  it('made by a container does not keep it from being removed', async () => {
    await using test = await TestEngine.create({ mebibytes: 400 });
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', 'cat /dev/urandom > /fill'], network: 'none' });
    await container.start();
    assert.notEqual((await container.wait()).exitCode, 0);
    await container.remove();
    assert.deepEqual(readdirSync(join(test.root, 'containers')), []);
  });
});

describe('a machine that is not as it should be', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  it('without root', async () => {
    const script = `const { Engine } = require(${JSON.stringify(require.resolve('../../lib/engine'))});
      Engine.open({ root: ${JSON.stringify(test.root)} }).catch((error) => console.log(error.code, error.exitStatus));`;
    // Somebody else who may read everything: the checkout may lie where only root can. Debian's Node cannot seteuid itself.
    const nobody = ['--reuid=65534', '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    assert.equal((await outcome('setpriv', [...nobody, process.execPath, '-e', script])).stdout, 'E_PERMISSION 125\n');
  });

  it('without liblxc: says which package, and leaves the container as it was', async () => {
    const directory = join(test.loop.directory, 'libraries');
    mkdirSync(directory);
    writeFileSync(join(directory, 'liblxc.so.1'), '');
    const args = [cli, '--root', test.root, 'run', '--rm', '--network', 'none', 'busybox', 'true'];
    const result = await outcome(process.execPath, args, { env: { ...process.env, LD_LIBRARY_PATH: directory } });
    assert.equal(result.code, 125);
    assert.match(result.stderr, /liblxc.*\n.*apt-get install liblxc1/);
    assert.deepEqual(readdirSync(join(test.root, 'containers')), []);
  });

  it('with a store that was copied to another file system', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
    try {
      cpSync(join(test.root, 'dockerlite.json'), join(directory, 'dockerlite.json'));
      await assert.rejects(Engine.open({ root: directory }), { code: 'E_NOT_BTRFS' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('a container that made a mess', () => {
  it('is removed with the subvolumes and immutable files in it', async () => {
    await using test = await TestEngine.create();
    const container = await test.engine.containers.create({ image: 'busybox', network: 'none' });
    const rootfs = join(test.root, 'containers', container.id, 'rootfs');
    await btrfs.subvolumeCreate(rootfs, 'sub');
    await btrfs.subvolumeCreate(join(rootfs, 'sub'), 'deeper');
    await btrfs.snapshotCreate(rootfs, join(rootfs, 'sub'), 'copy', true);
    writeFileSync(join(rootfs, 'sub/deeper/file'), '');
    await run('chattr', ['+i', join(rootfs, 'sub/deeper/file')]);
    const findings = [];
    for await (const finding of test.engine.check()) findings.push(finding.kind);
    assert.ok(findings.length >= 3 && findings.every((kind) => kind === 'nested subvolume'), String(findings));
    await container.remove();
    assert.deepEqual(readdirSync(join(test.root, 'containers')), []);
  });

  it('is removed although it made a subvolume of its own what is mounted by default', async () => {
    await using test = await TestEngine.create();
    for (const inside of ['sub', '']) {
      const container = await test.engine.containers.create({ image: 'busybox', network: 'none' });
      const rootfs = join(test.root, 'containers', container.id, 'rootfs');
      await btrfs.subvolumeCreate(rootfs, 'sub');
      const { id } = await btrfs.subvolumeInfo(join(rootfs, inside));
      await run('btrfs', ['subvolume', 'set-default', String(id), test.root]);
      await container.remove();
      assert.deepEqual(readdirSync(join(test.root, 'containers')), []);
      assert.match((await run('btrfs', ['subvolume', 'get-default', test.root])).stdout, /^ID 5 /);
    }
    // Another default than one in the container stays.
    const { id } = await btrfs.subvolumeInfo(test.root);
    await run('btrfs', ['subvolume', 'set-default', String(id), test.root]);
    const container = await test.engine.containers.create({ image: 'busybox', network: 'none' });
    await btrfs.subvolumeCreate(join(test.root, 'containers', container.id, 'rootfs'), 'sub');
    await container.remove();
    assert.match((await run('btrfs', ['subvolume', 'get-default', test.root])).stdout, new RegExp(`^ID ${id} `));
  });
});
