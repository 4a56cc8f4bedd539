// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('cp and what is mounted', () => {
  let test: TestEngine;
  let cli: Cli;
  let volume: string;
  let host: string;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
    host = join(test.loop.directory, 'host');
    mkdirSync(join(host, 'sub'), { recursive: true });
    writeFileSync(join(host, 'file'), 'of the host');
    volume = (await test.engine.volumes.create({ name: 'data' })).mountpoint;
    mkdirSync(join(volume, 'part'));
    writeFileSync(join(volume, 'in'), 'in the volume');
    writeFileSync(join(volume, 'part/deep'), 'deep');
    symlinkSync('/etc/passwd', join(volume, 'absolute'));
    symlinkSync('/bound/file', join(volume, 'across'));
    symlinkSync('../../../../../../etc/passwd', join(volume, 'above'));
    symlinkSync('loop', join(volume, 'loop'));
    const args = ['-v', 'data:/vol', '-v', 'data:/ro:ro', '-v', `${host}:/bound`, '-v', `${host}/file:/single`, '--mount', 'type=volume,src=data,dst=/partial,volume-subpath=part'];
    await cli.ok('run', '--network', 'none', '--name', 'box', ...args, 'busybox', 'sh', '-c', 'ln -s /vol /link; ln -s vol/in /straight');
  });
  after(() => test?.remove());

  const read = (path: string, ...options: string[]) => cli.run('cp', ...options, `box:${path}`, '-').then(({ status, raw, stderr }) => (status === 0 ? firstFile(raw) : stderr));

  /** Content of the first file in a tar. */
  function firstFile(tar: Buffer): string {
    for (let at = 0; at < tar.length; ) {
      const size = parseInt(tar.toString('latin1', at + 124, at + 135), 8) || 0;
      if (tar[at + 156] === 0x30) return tar.toString('utf8', at + 512, at + 512 + size);
      if (tar[at + 156] === 0x32) return `-> ${tar.toString('latin1', at + 157, at + 257).replace(/\0.*/, '')}`;
      at += 512 + Math.ceil(size / 512) * 512;
    }
    return '';
  }

  for (const [path, content] of [
    ['/vol/in', 'in the volume'],
    ['/link/in', 'in the volume'],
    ['/bound/file', 'of the host'],
    ['/single', 'of the host'],
    ['/partial/deep', 'deep'],
    ['/bound/../vol/part/../in', 'in the volume'],
    ['/vol/absolute', '-> /etc/passwd'],
    ['/vol/../../../../etc/hostname/../../vol/in', 'in the volume'],
  ] as const) {
    it(`copies ${path} out`, async () => assert.equal(await read(path), content));
  }

  it('follows links as the container would', async () => {
    assert.match(await read('/vol/absolute', '-L'), /^root:x:0:0:root:\/root:\/bin\/sh\n/, "the container's own");
    assert.match(await read('/vol/above', '-L'), /^root:x:0:0:root:\/root:\/bin\/sh\n/);
    assert.equal(await read('/vol/across', '-L'), 'of the host');
    assert.equal(await read('/straight', '-L'), 'in the volume');
    assert.match(await read('/vol/loop', '-L'), /too many levels of symbolic links/);
    assert.match(await read('/vol/nosuch'), /Could not find the file \/vol\/nosuch in container box/);
  });

  it('copies a whole volume under the name of its place', async () => {
    const target = join(test.loop.directory, 'out');
    mkdirSync(target);
    await cli.ok('cp', 'box:/vol', target);
    assert.equal(readFileSync(join(target, 'vol/part/deep'), 'utf8'), 'deep');
    await cli.ok('cp', 'box:/partial/.', target);
    assert.equal(readFileSync(join(target, 'deep'), 'utf8'), 'deep');
  });

  it('copies in', async () => {
    const file = join(test.loop.directory, 'new');
    writeFileSync(file, 'new');
    await cli.ok('cp', file, 'box:/vol/part');
    await cli.ok('cp', file, 'box:/link/renamed');
    await cli.ok('cp', file, 'box:/bound/sub/');
    await cli.ok('cp', file, 'box:/partial/other');
    for (const path of [join(volume, 'part/new'), join(volume, 'renamed'), join(host, 'sub/new'), join(volume, 'part/other')]) assert.equal(readFileSync(path, 'utf8'), 'new', path);
  });

  it('does not copy in where the container could not write', async () => {
    const file = join(test.loop.directory, 'new');
    writeFileSync(file, 'new');
    const { status, stderr } = await cli.run('cp', file, 'box:/ro/x');
    assert.equal(status, 1);
    assert.match(stderr, /mounted volume is marked read-only/);
    assert.ok(!existsSync(join(volume, 'x')));
    await cli.ok('create', '--network', 'none', '--name', 'sealed', '--read-only', '-v', 'data:/vol', 'busybox');
    assert.match((await cli.run('cp', file, 'sealed:/etc/')).stderr, /container rootfs is marked read-only/);
    await cli.ok('cp', file, 'sealed:/vol/sealed');
    assert.ok(existsSync(join(volume, 'sealed')));
  });
});
