// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCopyEnd } from '../../cli/copy-plan';
import { Cli, type CliResult } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('dockerlite cp', () => {
  let test: TestEngine;
  let host: string;
  let tree: string;
  before(async () => {
    test = await TestEngine.create();
    const container = await test.engine.containers.create({ image: 'busybox', name: 'box', command: ['sleep', '1000'], network: 'none' });
    tree = (await container.inspect()).GraphDriver.Data.Subvolume;
  });
  after(() => test.remove());

  beforeEach(() => {
    host = join(test.loop.directory, 'host');
    for (const path of [host, join(tree, 'w')]) {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
    }
    mkdirSync(join(host, 'src/sub'), { recursive: true });
    writeFileSync(join(host, 'src/f'), 'f\n');
    writeFileSync(join(host, 'src/sub/g'), 'g\n');
    symlinkSync('src', join(host, 'link'));
    chownSync(join(host, 'src/f'), 1234, 5678);
    mkdirSync(join(tree, 'w/dir'));
    writeFileSync(join(tree, 'w/file'), 'old\n');
    chownSync(join(tree, 'w/file'), 4321, 8765);
    symlinkSync('/w/dir', join(tree, 'w/link'));
    symlinkSync('/w/later', join(tree, 'w/dangling'));
  });

  const cp = (args: string[], input?: Buffer) => new Cli(test.root).runWith({ cwd: host, input }, 'cp', ...args);
  const inside = (path: string) => join(tree, 'w', path);

  async function copies(...args: string[]): Promise<void> {
    assert.deepEqual(pick(await cp(args)), [0, '', '']);
  }
  async function fails(args: string[], message: RegExp, status = 1, input?: Buffer): Promise<void> {
    const done = await cp(args, input);
    assert.match(done.stderr, message);
    assert.match(done.stderr, /^dockerlite: /);
    assert.deepEqual([done.status, done.stdout], [status, '']);
  }

  it('tells containers from paths as Docker does', () => {
    assert.deepEqual(parseCopyEnd('box:/a:b'), { container: 'box', path: '/a:b' });
    assert.deepEqual(parseCopyEnd('box:a'), { container: 'box', path: 'a' });
    for (const path of ['/a:b', './a:b', '../a:b', '.a:b', 'plain', ':x', '-']) assert.deepEqual(parseCopyEnd(path), { path });
  });

  it('copies a file into: under its name, another name, over a file, through links', async () => {
    await copies('src/f', 'box:/w/dir');
    await copies('src/f', 'box:w/dir/other');
    await copies('src/f', 'box:/w/file');
    await copies('src/f', 'box:/w/link/through');
    await copies('src/sub/g', 'box:/w/link');
    await copies('src/f', 'box:/w/dangling');
    for (const name of ['dir/f', 'dir/other', 'file', 'dir/through', 'later']) assert.equal(readFileSync(inside(name), 'utf8'), 'f\n', name);
    assert.equal(readFileSync(inside('dir/g'), 'utf8'), 'g\n');
    assert.equal(readlinkSync(inside('link')), '/w/dir');
  });

  it('copies a directory into: to a new name, into an existing one, its content', async () => {
    await copies('src', 'box:/w/new');
    assert.deepEqual(readdirSync(inside('new')).sort(), ['f', 'sub']);
    await copies('src', 'box:/w/dir');
    assert.deepEqual(readdirSync(inside('dir/src')).sort(), ['f', 'sub']);
    await copies('src/.', 'box:/w/dir');
    assert.deepEqual(readdirSync(inside('dir')).sort(), ['f', 'src', 'sub']);
    await copies('src/.', 'box:/w/new2/');
    assert.equal(readFileSync(inside('new2/sub/g'), 'utf8'), 'g\n');
  });

  it('copies a link as it is, with -L or a slash what it leads to', async () => {
    await copies('link', 'box:/w/dir');
    assert.ok(lstatSync(inside('dir/link')).isSymbolicLink());
    await copies('-L', 'link', 'box:/w/a');
    await copies('link/', 'box:/w/b');
    await copies('link/.', 'box:/w/c');
    for (const name of ['a', 'b', 'c']) assert.deepEqual(readdirSync(inside(name)).sort(), ['f', 'sub']);
    await copies('box:/w/link', '.');
    assert.equal(readlinkSync(join(host, 'link')), '/w/dir');
    await copies('-L', 'box:/w/link', 'followed');
    assert.ok(lstatSync(join(host, 'followed')).isDirectory());
  });

  it('copies out: file and directory, to new and existing names, with a colon in them', async () => {
    await copies('box:/w/file', '.');
    await copies('box:/w/file', 'renamed');
    await copies('box:w/file', './a:b');
    await copies('box:/w', 'whole');
    await copies('box:/w/.', 'src');
    for (const name of ['file', 'renamed', 'a:b', 'whole/file', 'src/file']) assert.equal(readFileSync(join(host, name), 'utf8'), 'old\n', name);
    await copies('box:/', 'everything');
    assert.ok(existsSync(join(host, 'everything/bin/busybox')));
  });

  it('gives copies to root in the container and to the caller here, and keeps owners with -a', async () => {
    const owner = (path: string) => [statSync(path).uid, statSync(path).gid];
    await copies('src/f', 'box:/w/plain');
    await copies('-a', 'src/f', 'box:/w/kept');
    await copies('box:/w/file', 'plain');
    await copies('--archive', 'box:/w/file', 'kept');
    assert.deepEqual([owner(inside('plain')), owner(inside('kept'))], [[0, 0], [1234, 5678]]);
    assert.deepEqual([owner(join(host, 'plain')), owner(join(host, 'kept'))], [[process.getuid?.(), process.getgid?.()], [4321, 8765]]);
  });

  it('takes and gives tar archives', async () => {
    const tar = execFileSync('tar', ['-C', host, '-c', 'src']);
    assert.deepEqual(pick(await cp(['-', 'box:/w/link'], tar)), [0, '', '']);
    assert.deepEqual([statSync(inside('dir/src/f')).uid, readFileSync(inside('dir/src/sub/g'), 'utf8')], [1234, 'g\n']);
    const out = await cp(['box:/w/dir/src', '-']);
    assert.equal(execFileSync('tar', ['-t'], { input: out.raw, encoding: 'utf8' }).split('\n').sort().join(' ').trim(), 'src/ src/f src/sub/ src/sub/g');
    const content = await cp(['box:/w/dir/src/.', '-']);
    assert.match(execFileSync('tar', ['-t'], { input: content.raw, encoding: 'utf8' }), /^\.\/\n/);
    await fails(['-', 'box:/w/file'], /destination "box:\/w\/file" must be a directory/, 1, tar);
    await fails(['-', 'box:/w/none'], /destination "box:\/w\/none" must be a directory/, 1, tar);
    await fails(['-', 'box:/w'], /not a tar archive/, 1, Buffer.from('garbage'));
    await fails(['box:/w/none', '-'], /Could not find the file \/w\/none in container box/);
  });

  it('says what it copied when asked to', async () => {
    const done = await cp(['-q=false', 'src/f', 'box:/w/dir']);
    assert.deepEqual(pick(done), [0, '', 'Successfully copied 2B to box:/w/dir\n']);
  });

  it('refuses what cannot be', async () => {
    await fails(['a', 'b'], /must specify at least one container source/);
    await fails(['box:/a', 'box:/b'], /copying between containers is not supported/);
    await fails(['', 'box:/b'], /source can not be empty/);
    await fails(['box:/b', ''], /destination can not be empty/);
    await fails(['box:', '.'], /a path is missing after box:/);
    await fails(['box:/w'], /requires 2 arguments/);
    await fails(['nobody:/w', '.'], /No such container: nobody/);
    await fails(['none', 'box:/w'], /none: no such file or directory/);
    await fails(['src/f/', 'box:/w'], /src\/f\/: not a directory/);
    await fails(['src/f', 'box:/w/no/way'], /Could not find the file \/w\/no in container box/);
    await fails(['src/f', 'box:/w/no/'], /no such directory: \/w\/no/);
    await fails(['src/f', 'box:/w/file/'], /not a directory/);
    await fails(['src/f', 'box:/w/file/x'], /not a directory/);
    await fails(['src', 'box:/w/file'], /cannot copy directory/);
    await fails(['src', 'box:/w/no/way'], /Could not find the file \/w\/no in container box/);
    await fails(['box:/w/none', '.'], /Could not find the file \/w\/none in container box/);
    await fails(['box:/w/file/', '.'], /not a directory/);
    await fails(['box:/w/file', 'no/way'], /invalid output path: directory ".*\/no" does not exist/);
    await fails(['box:/w/file', 'no/'], /no such directory: .*\/no/);
    await fails(['box:/w', 'src/f'], /cannot copy directory/);
    await fails(['box:/w/file', 'src/f/'], /not a directory/);
    await fails(['-L', 'box:/w/dangling', '.'], /Could not find the file/);
    assert.equal(readFileSync(inside('file'), 'utf8'), 'old\n');
  });

  it('does not put a directory in the place of a file, or the other way round', async () => {
    mkdirSync(inside('dir/f'));
    await fails(['src/f', 'box:/w/dir'], /will not replace a directory/);
    writeFileSync(inside('dir/src'), '');
    await fails(['src', 'box:/w/dir'], /will not replace this by a directory/);
  });

  it('does not put a file in the place of a device or a pipe', async () => {
    execFileSync('mknod', [join(host, 'null'), 'c', '1', '3']);
    execFileSync('mkfifo', [join(host, 'pipe')]);
    symlinkSync('null', join(host, 'to-null'));
    await fails(['box:/w/file', 'null'], /must be a directory or a regular file: got a device/);
    await fails(['box:/w/file', 'to-null'], /got a device/);
    await fails(['box:/w/file', 'pipe'], /got an irregular file/);
    assert.ok(lstatSync(join(host, 'null')).isCharacterDevice());
    assert.ok(lstatSync(join(host, 'pipe')).isFIFO());
    assert.ok(lstatSync(join(host, 'to-null')).isSymbolicLink());
  });

  it('never follows a link of the container out of its tree', async () => {
    symlinkSync(`../../../../../../../../../../../../${host}`, inside('up'));
    symlinkSync(host, inside('abs'));
    for (const link of ['up', 'abs']) {
      await fails(['src/f', `box:/w/${link}/evil`], /Could not find the file/);
      await fails([`box:/w/${link}/src/f`, 'stolen'], /Could not find the file/);
      await fails(['-L', `box:/w/${link}`, 'stolen'], /Could not find the file/);
    }
    assert.ok(!existsSync(join(host, 'evil')) && !existsSync(join(host, 'stolen')));
    symlinkSync('loop', inside('loop'));
    await fails(['src/f', 'box:/w/loop'], /too many/, 1);
  });

  it('works on running and paused containers', async () => {
    const container = await test.engine.containers.get('box');
    await container.start();
    await copies('src/f', 'box:/w/running');
    const seen = await container.exec(['cat', '/w/running']);
    let text = '';
    for await (const chunk of seen.stdout ?? []) text += String(chunk);
    assert.equal(text, 'f\n');
    await container.pause();
    await copies('box:/w/running', 'paused');
    await container.unpause();
    await container.kill();
    await container.wait();
    assert.equal(readFileSync(join(host, 'paused'), 'utf8'), 'f\n');
  });
});

function pick({ status, stdout, stderr }: CliResult): [number | null, string, string] {
  return [status, stdout, stderr];
}
