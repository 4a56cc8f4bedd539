// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerOptions } from '../../lib/containers/spec';
import { readAll, TestEngine } from '../helpers/engine';
import { buildBusyboxRootfs } from '../helpers/busybox';

describe('volumes of containers', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
    const tree = buildBusyboxRootfs(join(test.loop.directory, 'site'));
    mkdirSync(join(tree, 'srv/www/sub'), { recursive: true });
    writeFileSync(join(tree, 'srv/www/index'), 'hello', { mode: 0o640 });
    symlinkSync('/etc/passwd', join(tree, 'srv/www/link'));
    symlinkSync('/srv', join(tree, 'data'));
    execFileSync('chown', ['-R', '33:34', join(tree, 'srv/www')]);
    execFileSync('chmod', ['2750', join(tree, 'srv/www')]);
    execFileSync('python3', ['-c', 'import os, sys; os.setxattr(sys.argv[1], "user.a", b"b")', join(tree, 'srv/www/index')]);
    await test.engine.images.import({ path: tree }, { reference: 'site', changes: ['CMD ["sh"]', 'VOLUME ["/srv/www"]'] });
  });
  after(() => test?.remove());
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
    await test.engine.volumes.prune({ all: true });
    assert.deepEqual(onDisk(), []);
  });

  const onDisk = () => (existsSync(join(test.root, 'volumes')) ? readdirSync(join(test.root, 'volumes')) : []);
  const create = (options: Partial<ContainerOptions>) => test.engine.containers.create({ image: 'busybox', network: 'none', ...options });
  const run = async (script: string, options: Partial<ContainerOptions>): Promise<string> => {
    const container = await create({ ...options, command: ['sh', '-c', script] });
    const { stdout, stderr, exited } = await container.start({ attach: {} });
    const [out, err] = await Promise.all([readAll(stdout), readAll(stderr), exited]);
    await container.remove({ volumes: options.autoRemove === true });
    return out + err;
  };

  it('keep what was written for the next container', async () => {
    await run('echo kept > /x/file', { mounts: ['data:/x'] });
    assert.equal(await run('cat /y/file', { mounts: ['data:/y:ro'] }), 'kept\n');
    assert.match(await run('echo > /y/file', { mounts: ['data:/y:ro'] }), /Read-only file system/);
    assert.deepEqual((await test.engine.volumes.list()).map(({ name }) => name), ['data']);
  });

  it('begin with what the image has there, owners, modes, links and attributes included', async () => {
    assert.equal(await run('cd /srv/www; stat -c "%n %u:%g %a" . index sub; readlink link', { image: 'site', mounts: ['data:/srv/www'] }), '. 33:34 2750\nindex 33:34 640\nsub 33:34 2750\n/etc/passwd\n'.replace('sub 33:34 2750', 'sub 33:34 755'));
    const { mountpoint } = await test.engine.volumes.get('data');
    const attribute = execFileSync('python3', ['-c', 'import os, sys; print(os.getxattr(sys.argv[1], "user.a").decode())', join(mountpoint, 'index')], { encoding: 'utf8' });
    assert.equal(attribute, 'b\n');
    writeFileSync(join(mountpoint, 'index'), 'mine');
    assert.equal(await run('cat /srv/www/index', { image: 'site', mounts: ['data:/srv/www'] }), 'mine', 'only once');
  });

  it('that are there and empty get it too, but not with nocopy, and never from another place', async () => {
    await test.engine.volumes.create({ name: 'empty', labels: { a: '1' } });
    assert.equal(await run('ls /srv/www', { image: 'site', mounts: ['empty:/srv/www:nocopy'] }), '');
    assert.equal(await run('ls /x', { image: 'site', mounts: ['empty:/x'] }), '');
    assert.equal(await run('ls /srv/www', { image: 'site', mounts: ['empty:/srv/www'] }), 'index\nlink\nsub\n');
    assert.deepEqual((await test.engine.volumes.get('empty')).labels, { a: '1' });
  });

  it('of an image are made for each container, and go with it when asked', async () => {
    const container = await create({ image: 'site' });
    const { Mounts, Config, HostConfig } = await container.inspect();
    assert.deepEqual(Config.Volumes, { '/srv/www': {} });
    assert.equal(HostConfig.Binds, null);
    const [mount] = Mounts;
    assert.ok(mount !== undefined && 'Name' in mount && mount.Type === 'volume' && mount.Destination === '/srv/www');
    assert.equal(mount.Source, join(test.root, 'volumes', mount.Name, '_data'));
    assert.deepEqual(readdirSync(mount.Source).sort(), ['index', 'link', 'sub']);
    await container.remove();
    assert.deepEqual(onDisk(), [mount.Name], 'stays');
    await (await create({ image: 'site' })).remove({ volumes: true });
    assert.deepEqual(onDisk(), [mount.Name]);
    await run('true', { image: 'site', autoRemove: true });
    assert.deepEqual(onDisk(), [mount.Name]);
  });

  it('go with a container that removes itself, even when nobody waits for it', async () => {
    const container = await create({ mounts: ['/x', 'named:/y'], autoRemove: true, command: ['true'] });
    await container.start();
    await container.wait().catch(() => undefined);
    await test.engine.containers.list({ all: true });
    assert.deepEqual(onDisk(), ['named']);
  });

  it('cannot be removed while a container has them, stopped or not', async () => {
    const container = await create({ mounts: ['data:/x'] });
    await assert.rejects(test.engine.volumes.remove('data'), { code: 'E_CONFLICT', message: `remove data: volume is in use - [${container.id}]` });
    assert.deepEqual(await test.engine.volumes.prune({ all: true }), []);
    assert.deepEqual((await test.engine.containers.list({ all: true, filters: { volume: ['data'] } })).map(({ id }) => id), [container.id]);
    assert.equal((await test.engine.containers.list({ all: true, filters: { volume: ['/x'] } })).length, 1);
    assert.deepEqual(await test.engine.containers.list({ all: true, filters: { volume: ['other'] } }), []);
    await container.remove({ volumes: true });
    assert.deepEqual(onDisk(), ['data'], 'it has a name');
  });

  it('of another container may be mounted too', async () => {
    const first = await create({ mounts: ['data:/x', '/y', `${test.loop.directory}:/host:ro`], tmpfs: ['/tmp'] });
    const second = await create({ volumesFrom: [`${first.id}:ro`], mounts: ['other:/x'] });
    const { Mounts, HostConfig } = await second.inspect();
    assert.deepEqual(HostConfig.VolumesFrom, [`${first.id}:ro`]);
    assert.deepEqual(Mounts.map((mount) => [mount.Type, mount.Destination, mount.RW]).sort(), [['bind', '/host', false], ['volume', '/x', true], ['volume', '/y', false]]);
    await first.remove({ volumes: true });
    assert.equal(onDisk().length, 3, 'the second has the nameless one');
    await second.remove({ volumes: true });
    assert.deepEqual(onDisk().sort(), ['data', 'other']);
    await assert.rejects(create({ volumesFrom: ['nosuch'] }), { code: 'E_NO_SUCH_CONTAINER' });
    await assert.rejects(create({ volumesFrom: [''] }), { code: 'E_INVALID' });
    await assert.rejects(create({ volumesFrom: ['x:sideways'] }), { code: 'E_INVALID', message: 'invalid mode: sideways' });
  });

  it('may lie in one another, and behind a symbolic link of the image', async () => {
    const mounts = ['inner:/x/a/b', 'outer:/x', 'linked:/data/new'];
    const out = await run('touch /x/a/b/in /x/out /srv/new/linked; ls /x/a/b /x', { image: 'site', mounts });
    assert.equal(out, '/x:\na\nout\n\n/x/a/b:\nin\n');
    const list = async (name: string) => readdirSync((await test.engine.volumes.get(name)).mountpoint).sort();
    assert.deepEqual([await list('inner'), await list('outer'), await list('linked')], [['in'], ['a', 'out'], ['linked']]);
  });

  it('are mounted in a container whose own file system is read-only', async () => {
    assert.match(await run('touch /x/file && ls /x; touch /file', { mounts: ['data:/x'], readonlyRootfs: true }), /^file\n.*Read-only file system/);
  });

  it('may be mounted in part, which no link leads out of', async () => {
    const { mountpoint } = await test.engine.volumes.create({ name: 'data' });
    mkdirSync(join(mountpoint, 'a/b, c'), { recursive: true });
    writeFileSync(join(mountpoint, 'a/b, c/file'), 'deep');
    symlinkSync('a', join(mountpoint, 'inside'));
    symlinkSync('/etc', join(mountpoint, 'outside'));
    symlinkSync('../../../../../../../../etc', join(mountpoint, 'above'));
    for (const isolation of [{}, { userns: 'host' as const }]) {
      const mount = (subpath: string) => ({ mounts: [{ type: 'volume' as const, name: 'data', target: '/x', subpath }], isolation });
      assert.equal(await run('cat /x/file', mount('a/b, c')), 'deep');
      assert.equal(await run('cat /x', mount('a/b, c/file')), 'deep');
      assert.equal(await run('ls /x', mount('inside')), 'b, c\n');
      for (const subpath of ['outside', 'above', 'outside/ssl']) {
        const container = await create(mount(subpath));
        await assert.rejects(container.start(), { name: 'DockerliteError' });
        await container.remove();
      }
      const container = await create(mount('nosuch'));
      await assert.rejects(container.start(), { code: 'E_NOT_FOUND', message: /cannot access path nosuch of volume data: no such file or directory/ });
      await container.remove();
    }
  });

  it('leave bind mounts as they are asked for: what the host mounts arrives or does not', async () => {
    const source = join(test.loop.directory, 'shared');
    mkdirSync(join(source, 'sub'), { recursive: true });
    execFileSync('mount', ['--bind', source, source]);
    try {
      execFileSync('mount', ['--make-shared', source]);
      execFileSync('mount', ['-t', 'tmpfs', 'below', join(source, 'sub')]);
      const mounted = async (options: object) => run('grep -c " /x" /proc/self/mountinfo; grep " /x" /proc/self/mountinfo | grep -o "master:"', { mounts: [{ type: 'bind', source, target: '/x', readonly: false, ...options }] });
      assert.equal(await mounted({}), '2\n');
      assert.equal(await mounted({ nonRecursive: true }), '1\n');
      assert.match(await mounted({ propagation: 'rslave' }), /^2\nmaster:/);
      execFileSync('mount', ['--make-private', source]);
      await assert.rejects(mounted({ propagation: 'rslave' }), { code: 'E_INVALID', message: `path ${source} is mounted on ${source} but it is not a shared or slave mount` });
      await assert.rejects(mounted({ propagation: 'rshared' }), { code: 'E_UNSUPPORTED' });
    } finally {
      execFileSync('umount', ['-R', source]);
    }
  });

  it('that stand for a directory of the host show it', async () => {
    const device = join(test.loop.directory, 'device');
    mkdirSync(device, { recursive: true });
    writeFileSync(join(device, 'file'), 'of the host');
    const mounts = [{ type: 'volume' as const, name: 'host', target: '/x', driverOptions: { type: 'none', o: 'bind', device }, labels: { l: '1' } }];
    assert.equal(await run('cat /x/file', { mounts }), 'of the host');
    assert.deepEqual((await test.engine.volumes.get('host')).labels, { l: '1' });
    const container = await create({ mounts: ['host:/x'] });
    rmSync(device, { recursive: true });
    await assert.rejects(container.start(), { code: 'E_NOT_FOUND', message: /failed to mount local volume/ });
  });

  it('belong to whoever made them in the container', async () => {
    await run('chmod 777 /x; echo > /x/file; chown 1000:1000 /x/file', { mounts: ['data:/x'] });
    assert.equal(await run('stat -c %u:%g /x /x/file', { mounts: ['data:/x'], user: 'nobody' }), '0:0\n1000:1000\n');
  });

  it('are claimed by many containers at a time, and filled once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => create({ image: 'site', mounts: ['data:/srv/www'] })));
    assert.equal(made.length, 8);
    const batch = await test.engine.containers.createMany(Array.from({ length: 3 }, () => ({ image: 'site', network: 'none' as const, mounts: ['fresh:/srv/www', '/y'] })));
    assert.equal(batch.length, 3);
    for (const name of ['data', 'fresh']) assert.equal(readFileSync(join((await test.engine.volumes.get(name)).mountpoint, 'index'), 'utf8'), 'hello');
    assert.equal(onDisk().length, 5);
  });

  const bad: [string, Partial<ContainerOptions>, string, string | RegExp][] = [
    ['a name with a slash', { mounts: ['a/b:/x'] }, 'E_INVALID', /includes invalid characters for a local volume name.*If you intended to pass a host directory, use absolute path/],
    ['a name of one letter', { mounts: ['a:/x'] }, 'E_INVALID', /volume name is too short/],
    ['a relative place', { mounts: ['data:x'] }, 'E_INVALID', "invalid mount path: 'x' mount path must be absolute"],
    ['a relative place alone', { mounts: ['x'] }, 'E_INVALID', "invalid mount path: 'x' mount path must be absolute"],
    ['the root as place', { mounts: ['data:/'] }, 'E_INVALID', /destination can't be '\/'/],
    ['a mode without a source', { mounts: ['/x:ro'] }, 'E_INVALID', "invalid volume specification: '/x:ro'"],
    ['four parts', { mounts: ['a:/b:ro:rw'] }, 'E_INVALID', /invalid volume specification/],
    ['an empty part', { mounts: [':/b'] }, 'E_INVALID', /invalid volume specification/],
    ['an unknown mode', { mounts: ['data:/x:rx'] }, 'E_INVALID', 'invalid mode: rx'],
    ['two modes of a kind', { mounts: ['data:/x:ro,rw'] }, 'E_INVALID', 'invalid mode: ro,rw'],
    ['propagation of a volume', { mounts: ['data:/x:rslave'] }, 'E_INVALID', 'invalid mode: rslave'],
    ['propagation to the host', { mounts: ['/tmp:/x:rshared'] }, 'E_UNSUPPORTED', /never appears on the host/],
    ['nocopy of a bind mount', { mounts: ['/tmp:/x:nocopy'] }, 'E_INVALID', 'invalid mode: nocopy'],
    ['a place twice', { mounts: ['data:/x', 'more:/x/'] }, 'E_INVALID', 'Duplicate mount point: /x'],
    ['a place of a tmpfs', { mounts: ['data:/x'], tmpfs: ['/x'] }, 'E_INVALID', 'Duplicate mount point: /x'],
    ['a tmpfs option that is none', { tmpfs: ['/x:create=file'] }, 'E_INVALID', 'invalid tmpfs option ["create=file"]'],
    ['a tmpfs option with a space', { tmpfs: ['/x:size=1m 0'] }, 'E_INVALID', /invalid tmpfs option/],
    ['a file at the place', { mounts: ['data:/etc/passwd'] }, 'E_INVALID', 'cannot mount volume over existing file, file exists /etc/passwd'],
    ['a source that is not there', { mounts: [{ type: 'bind', source: '/no/such', target: '/x', readonly: false }] }, 'E_INVALID', 'invalid mount config for type "bind": bind source path does not exist: /no/such'],
    ['a way out of the volume', { mounts: [{ type: 'volume', name: 'data', target: '/x', subpath: '../y' }] }, 'E_INVALID', /subpath must be a relative path within the volume/],
    ['another type', { mounts: [{ type: 'npipe' as 'bind', source: '/a', target: '/x', readonly: false }] }, 'E_INVALID', 'invalid mount config for type "npipe": mount type unknown'],
    ['a plugin', { mounts: [{ type: 'volume', name: 'data', target: '/x', driver: 'nfs' }] }, 'E_NOT_FOUND', /plugin "nfs" not found/],
    ['no image', { image: 'nosuch', mounts: ['data:/x', '/y'] }, 'E_NO_SUCH_IMAGE', /nosuch/],
  ];
  for (const [what, options, code, message] of bad) {
    it(`are not made for a container that cannot be made: ${what}`, async () => {
      await assert.rejects(create(options), { code, message });
      assert.deepEqual(onDisk(), []);
      assert.deepEqual(await test.engine.containers.list({ all: true }), []);
    });
  }
});
