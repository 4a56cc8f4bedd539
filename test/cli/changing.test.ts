// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('dockerlite rm, rmi, rename, tag, commit, diff, import and export', () => {
  let test: TestEngine;
  let cli: Cli;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
  });
  after(() => test?.remove());

  const create = async (name: string, ...command: string[]) => (await cli.ok('create', '--network', 'none', '--name', name, 'busybox', ...command)).trim();
  const run = (image: string, ...command: string[]) => cli.run('run', '--rm', '--network', 'none', image, ...command);
  const images = () => readdirSync(join(test.root, 'images')).length;

  it('removes several, goes on after a failure, and tells it by the exit status', async () => {
    const first = await create('first');
    await create('second');
    const { status, stdout, stderr } = await cli.run('rm', first.slice(0, 12), 'nosuch', 'second');
    assert.equal(status, 1);
    assert.equal(stdout, `${first.slice(0, 12)}\nsecond\n`);
    assert.equal(stderr, 'dockerlite: No such container: nosuch\n');
    assert.equal(await cli.ok('ps', '-aq'), '');
  });

  it('removes what runs by force only; what is not there is then no failure', async () => {
    const id = (await cli.ok('run', '-d', '--network', 'none', '--name', 'busy', 'busybox', 'sleep', '1000')).trim();
    const refused = await cli.run('rm', 'busy');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, new RegExp(`cannot remove a running container ${id}`));
    const forced = await cli.run('rm', '-f', 'busy', 'nosuch');
    assert.deepEqual([forced.status, forced.stdout, forced.stderr], [0, 'busy\n', 'dockerlite: No such container: nosuch\n']);
  });

  it('renames', async () => {
    await create('old');
    await create('taken');
    assert.equal(await cli.ok('rename', 'old', 'new'), '');
    assert.equal(await cli.ok('ps', '-a', '--format', '{{.Names}}'), 'taken\nnew\n');
    for (const [name, message] of [['taken', /already in use/], ['-bad', /unknown shorthand flag|Invalid container name/], ['b/ad', /Invalid container name/], ['new', /same name/]] as const) {
      const { status, stderr } = await cli.run('rename', 'new', name);
      assert.notEqual(status, 0, name);
      assert.match(stderr, message);
    }
    assert.match((await cli.run('rename', 'nosuch', 'x')).stderr, /^dockerlite: No such container: nosuch\n/);
    await cli.ok('rm', 'new', 'taken');
  });

  it('commits with author, message and changes, and runs the result', async () => {
    await cli.run('run', '--network', 'none', '--name', 'work', 'busybox', 'sh', '-c', 'echo made > /root/it');
    const id = (await cli.ok('commit', '-a', 'Ada', '-m', 'why', '-c', 'CMD ["cat","/root/it"]', '-c', 'ENV A=1', '-p', 'work', 'made:v1')).trim();
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.equal((await run('made:v1')).stdout, 'made\n');
    assert.equal(await cli.ok('inspect', '-f', '{{.Author}} {{.Comment}} {{index .Config.Env 0}}', '--type', 'image', 'made:v1').then((text) => text.split(' ').slice(0, 2).join(' ')), 'Ada why');
    const before = images();
    for (const args of [['-c', 'RUN x', 'work'], ['work', 'Bad Name'], ['nosuch'], ['work', 'a:b:c'], ['-c', 'STOPSIGNAL NONE', 'work']]) {
      const { status, stdout } = await cli.run('commit', ...args);
      assert.notEqual(status, 0, args.join(' '));
      assert.equal(stdout, '');
    }
    assert.equal(images(), before, 'nothing half-made');
    await cli.ok('rm', 'work');
  });

  it('tags and untags; the image goes with its last name', async () => {
    await cli.ok('tag', 'made:v1', 'made:v2');
    const id = (await cli.ok('images', '-q', '--no-trunc', 'made:v2')).trim();
    assert.match((await cli.run('rmi', id.slice(7, 20))).stderr, /must be forced.*multiple repositories/);
    assert.equal(await cli.ok('rmi', 'made:v1'), 'Untagged: made:v1\n');
    assert.equal(await cli.ok('rmi', 'made:v2'), `Untagged: made:v2\nDeleted: ${id}\n`);
    for (const args of [['nosuch', 'x'], ['busybox', 'UPPER'], ['busybox', ''], ['busybox', 'x:'], ['busybox', `x:${'y'.repeat(129)}`]]) {
      assert.notEqual((await cli.run('tag', ...args)).status, 0, args.join(' '));
    }
  });

  it('does not remove an image that is used', async () => {
    await create('user');
    const { status, stderr } = await cli.run('rmi', 'busybox', 'nosuch');
    assert.equal(status, 1);
    assert.match(stderr, /^dockerlite: conflict: unable to remove repository reference "busybox" \(must force\) - container [0-9a-f]{12} is using its referenced image [0-9a-f]{12}\ndockerlite: No such image: nosuch:latest\n$/);
    const id = (await cli.ok('images', '-q', 'busybox')).trim();
    assert.match((await cli.run('rmi', id)).stderr, /^dockerlite: conflict: unable to delete [0-9a-f]{12} \(must be forced\) - image is being used by stopped container [0-9a-f]{12}\n$/);
    await cli.ok('rm', 'user');
    assert.equal((await cli.run('rmi', '-f', 'nosuch')).status, 0);
  });

  it('shows changes as A, C and D; a rename is both, unless asked', async () => {
    await cli.run('run', '--network', 'none', '--name', 'work', 'busybox', 'sh', '-c', 'echo > /root/new; rm /etc/group; chmod 600 /etc/passwd; mv /home /casa; mkdir -p /opt/a; echo > "/opt/a/b\nc"');
    assert.equal(await cli.ok('diff', 'work'), ['A /casa', 'C /etc', 'D /etc/group', 'C /etc/passwd', 'D /home', 'A /opt', 'A /opt/a', 'A /opt/a/b\\x0ac', 'C /root', 'A /root/new', ''].join('\n'));
    const renamed = (await cli.ok('diff', '--format', 'json', 'work')).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, string>).filter(({ Type }) => Type === 'R');
    assert.deepEqual(renamed, [{ Type: 'R', Path: '/casa', From: '/home' }]);
    await cli.ok('rm', 'work');
    await create('same');
    assert.equal(await cli.ok('diff', 'same'), '');
    await cli.ok('rm', 'same');
    assert.equal((await cli.run('diff', 'same')).status, 1);
  });

  it('exports to a file or a pipe, and imports from both', async () => {
    await cli.run('run', '--network', 'none', '--name', 'work', 'busybox', 'sh', '-c', 'echo kept > /root/kept');
    const directory = join(test.loop.directory, 'exported');
    mkdirSync(directory);
    const file = join(directory, 'work.tar');
    assert.equal(await cli.ok('export', '-o', file, 'work'), '');
    assert.deepEqual(readdirSync(directory), ['work.tar'], 'no temporary file stays');
    const piped = await cli.run('export', 'work');
    assert.equal(execFileSync('tar', ['-xO', 'root/kept'], { input: piped.raw, encoding: 'utf8' }), 'kept\n');
    const sources: [string, Uint8Array | undefined][] = [[file, undefined], ['-', piped.raw]];
    for (const tool of ['gzip', 'zstd']) {
      execFileSync(tool, ['-k', '-q', file]);
      sources.push([`${file}.${tool === 'gzip' ? 'gz' : 'zst'}`, undefined]);
    }
    const tree = join(directory, 'tree');
    mkdirSync(tree);
    execFileSync('tar', ['-xf', file, '-C', tree]);
    sources.push([tree, undefined]);
    for (const [index, [source, input]] of sources.entries()) {
      const { status, stdout, stderr } = await cli.runWith({ input }, 'import', '-c', 'CMD ["cat", "/root/kept"]', '-m', 'note', source, `again:${index}`);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^sha256:[0-9a-f]{64}\n$/);
      assert.equal((await run(`again:${index}`)).stdout, 'kept\n', source);
      assert.equal(await cli.ok('inspect', '-f', '{{.Comment}}', `again:${index}`), 'note\n');
    }
    await cli.ok('rm', 'work');
  });

  it('refuses to import what it cannot, and leaves nothing', async () => {
    const before = images();
    const garbage = join(test.loop.directory, 'garbage');
    writeFileSync(garbage, 'x'.repeat(5000));
    for (const [input, ...args] of [
      ['', 'https://example.org/rootfs.tar', 'x'],
      ['', '/no/such/file', 'x'],
      ['', garbage, 'x'],
      ['half a tar', '-', 'x'],
      ['', garbage, 'Bad Name'],
      ['', '-c', 'RUN x', garbage],
    ] as [string, ...string[]][]) {
      const { status, stdout, stderr } = await cli.runWith({ input }, 'import', ...args);
      assert.notEqual(status, 0, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, /^dockerlite: .+\n/);
    }
    assert.equal(images(), before);
    assert.deepEqual(readdirSync(join(test.root, 'tmp')), []);
  });

  it('refuses to export where it cannot', async () => {
    await create('thing');
    const inDirectory = await cli.run('export', '-o', '/no/such/directory/x.tar', 'thing');
    assert.notEqual(inDirectory.status, 0);
    assert.match(inDirectory.stderr, /directory "\/no\/such\/directory" does not exist/);
    assert.notEqual((await cli.run('export', '-o', test.loop.directory, 'thing')).status, 0);
    assert.match((await cli.run('export', 'nosuch')).stderr, /No such container: nosuch/);
    await cli.ok('rm', 'thing');
  });
});
