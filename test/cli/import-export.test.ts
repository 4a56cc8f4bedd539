// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

const ID = /^sha256:([0-9a-f]{64})\n$/;

describe('dockerlite import and export', () => {
  let test: TestEngine;
  let directory: string;
  let tar: string;
  before(async () => {
    test = await TestEngine.create();
    directory = join(test.loop.directory, 'files');
    tar = join(directory, 'tree.tar');
    mkdirSync(join(directory, 'tree/etc'), { recursive: true });
    writeFileSync(join(directory, 'tree/etc/motd'), 'hello\n');
    execFileSync('tar', ['-C', join(directory, 'tree'), '-cf', tar, '.']);
    execFileSync('gzip', ['-k', tar]);
    execFileSync('zstd', ['-q', '-k', tar]);
  });
  after(() => test.remove());

  const cli = (args: string[], input?: Buffer) => new Cli(test.root).runWith({ input, cwd: directory }, ...args);
  const tmp = () => readdirSync(join(test.root, 'tmp'));

  async function motdOf(image: string): Promise<string> {
    const container = await test.engine.containers.create({ image, command: ['x'] });
    const { GraphDriver } = await container.inspect();
    return readFileSync(join(GraphDriver.Data.Subvolume, 'etc/motd'), 'utf8');
  }

  for (const source of ['tree', 'tree.tar', 'tree.tar.gz', 'tree.tar.zst', '-']) {
    it(`makes an image of ${source}`, async () => {
      const name = `from${source.length}`;
      const done = await cli(['import', source, name], source === '-' ? readFileSync(tar) : undefined);
      assert.equal(done.status, 0, done.stderr);
      assert.match(done.stdout, ID);
      assert.equal(done.stderr, '', 'no progress without a terminal');
      assert.equal(await motdOf(name), 'hello\n');
    });
  }

  it('takes changes, a comment and no name', async () => {
    const done = await cli(['import', '-c', 'CMD ["a", "b"]', '--change', 'ENV X=1', '-m', 'why', 'tree.tar']);
    const image = await test.engine.images.get(ID.exec(done.stdout)?.[1] ?? '');
    assert.deepEqual([image.oci.config.Cmd, image.oci.config.Env], [['a', 'b'], ['X=1']]);
    assert.equal(image.oci.history.at(-1)?.comment, 'why');
    assert.deepEqual(image.tags, []);
  });

  for (const [args, status, message, input] of [
    [['https://example.com/a.tar'], 1, /URLs are not fetched/],
    [['missing.tar'], 1, /missing\.tar: no such file or directory/],
    [['tree.tar', 'Upper'], 1, /repository name must be lowercase/],
    [['tree.tar', 'a:b:c'], 1, /invalid reference format/],
    [['-c', 'RUN make', 'tree.tar'], 1, /RUN is not a valid change command/],
    [[], 1, /requires at least 1/],
    [['a', 'b', 'c'], 1, /at most 2/],
    [['-'], 1, /empty/, ''],
    [['-'], 1, /not a tar archive/, 'not a tar at all'],
  ] as const) {
    it(`refuses import ${args.join(' ')}${input === undefined ? '' : ` of ${JSON.stringify(input)}`}`, async () => {
      const before = (await test.engine.images.list()).length;
      const done = await cli(['import', ...args], Buffer.from(input ?? ''));
      assert.match(done.stderr, message);
      assert.equal(done.status, status);
      assert.equal(done.stdout, '');
      assert.equal((await test.engine.images.list()).length, before);
      assert.deepEqual(tmp(), []);
    });
  }

  it('leaves nothing of an archive that breaks off', async () => {
    const before = (await test.engine.images.list()).length;
    const done = await cli(['import', '-', 'half'], readFileSync(tar).subarray(0, 1500));
    assert.equal(done.status, 1);
    assert.deepEqual(tmp(), []);
    assert.equal((await test.engine.images.list()).length, before);
  });

  it('exports to stdout and to a file, and what it exports can be imported', async () => {
    const { id } = await test.engine.containers.create({ image: 'busybox' });
    const piped = await cli(['export', id]);
    assert.equal(piped.status, 0, piped.stderr);
    const names = execFileSync('tar', ['-t'], { input: piped.raw, encoding: 'utf8' });
    assert.match(names, /(^|\n)(\.\/)?bin\/busybox\n/);

    const filed = await cli(['export', '-o', 'out.tar', id.slice(0, 12)]);
    assert.deepEqual([filed.status, filed.stdout, filed.stderr], [0, '', '']);
    assert.ok(readFileSync(join(directory, 'out.tar')).equals(piped.raw));
    assert.equal((await cli(['import', 'out.tar', 'again'])).status, 0);
  });

  it('refuses to export to a terminal, or where there is no place, and leaves no file', async () => {
    const { id } = await test.engine.containers.create({ image: 'busybox' });
    for (const [args, status, message] of [
      [['-o', 'no/where.tar', id], 1, /invalid output path: directory "no" does not exist/],
      [['-o', '.', id], 1, /is a directory/],
      [['-o', 'x.tar', 'nobody'], 1, /No such container: nobody/],
      [[], 1, /requires 1 argument/],
    ] as const) {
      const done = await cli(['export', ...args]);
      assert.match(done.stderr, message);
      assert.equal(done.status, status);
    }
    assert.deepEqual(readdirSync(directory).filter((name) => name.startsWith('.') || name === 'x.tar'), []);
    const program = join(__dirname, '../../../bin/dockerlite.js');
    const terminal = spawnSync('script', ['-qec', `${process.execPath} ${program} --root ${test.root} export ${id}`, '/dev/null'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    assert.match(terminal.stdout, /cowardly refusing to save to a terminal\. Use the -o flag or redirect/);
    assert.equal(terminal.status, 1);
  });

  it('ends without a word when nobody reads on, and keeps an old file when it fails', async () => {
    const { id } = await test.engine.containers.create({ image: 'busybox' });
    const program = join(__dirname, '../../../bin/dockerlite.js');
    const shell = spawnSync('bash', ['-c', `"$0" "$1" --root "$2" export "$3" | head -c 10 | wc -c; echo "\${PIPESTATUS[0]}"`, process.execPath, program, test.root, id], { encoding: 'utf8' });
    assert.deepEqual([shell.stdout.split(/\s+/).filter(Boolean), shell.stderr], [['10', '141'], '']);
    writeFileSync(join(directory, 'old.tar'), 'old');
    assert.equal((await cli(['export', '-o', 'old.tar', 'nobody'])).status, 1);
    assert.equal(readFileSync(join(directory, 'old.tar'), 'utf8'), 'old');
    assert.ok(existsSync(tar));
  });
});
