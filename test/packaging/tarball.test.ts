// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

const checkout = resolve(__dirname, '../../..');

const PROGRAM = `
const { Engine } = require('dockerlite');
(async () => {
  const engine = await Engine.open({ root: process.argv[2] });
  const container = await engine.containers.run({ image: 'busybox', command: ['sh', '-c', 'exit 7'], network: 'none' });
  console.log((await container.wait()).exitCode);
  await container.remove();
  await engine.close();
})();
`;

/**
 * The npm package as a stranger gets it: packed with its prebuilt files, installed elsewhere where PATH has no compiler.
 * Its dependencies are copied from the checkout instead of fetched, better-sqlite3 with its built file: that stands for
 * the one its own install step downloads, which is not this package's to pack along.
 */
describe('the packed npm package', function () {
  this.timeout(300_000);
  let directory: string;
  let app: string;
  let store: string;
  let environment: NodeJS.ProcessEnv;
  let installed: SpawnSyncReturns<string>;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'tarball-'));
    app = join(directory, 'app');
    store = join(directory, 'store');
    environment = { ...minimalEnvironment(), PATH: pathWithoutCompiler(join(directory, 'bin')) };
    const tarball = pack(directory);
    copyDependencies(join(app, 'node_modules'));
    writeFileSync(join(app, 'package.json'), '{ "private": true }\n');
    const npm = realpathSync(find('npm'));
    installed = run(process.execPath, [npm, 'install', '--offline', '--no-audit', '--no-fund', '--foreground-scripts', tarball]);
  });

  after(() => {
    if (existsSync(join(store, 'dockerlite.json'))) {
      const { id } = JSON.parse(readFileSync(join(store, 'dockerlite.json'), 'utf8')) as { id: string };
      rmSync(`/run/dockerlite/${id}`, { recursive: true, force: true });
    }
    spawnSync('umount', [store]);
    rmSync(directory, { recursive: true, force: true });
  });

  function run(program: string, args: string[]): SpawnSyncReturns<string> {
    return spawnSync(program, args, { cwd: app, env: environment, encoding: 'utf8' });
  }

  function dockerlite(...args: string[]): string {
    const { status, stdout, stderr } = run(join(app, 'node_modules/.bin/dockerlite'), ['--root', store, ...args]);
    assert.equal(status, 0, `dockerlite ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  it('installs without compiling', () => {
    assert.equal(installed.status, 0, installed.stderr);
    assert.doesNotMatch(installed.stdout + installed.stderr, /compiling/);
    assert.ok(!existsSync(join(app, 'node_modules/dockerlite/build')));
    assert.notEqual(run('g++', ['--version']).status, 0, 'the compiler is meant to be hidden');
  });

  it('has what it needs and neither tests nor build leftovers', () => {
    const package_ = join(app, 'node_modules/dockerlite');
    for (const name of ['bin/dockerlite.js', 'dist/lib/index.d.ts', 'binding.gyp', 'LICENSE', 'README.md']) {
      assert.ok(existsSync(join(package_, name)), name);
    }
    for (const name of ['dist/test', 'test', 'tsconfig.json', '.ci', 'build']) assert.ok(!existsSync(join(package_, name)), name);
  });

  it('runs a container by its command', () => {
    dockerlite('init', '--size', '1G');
    dockerlite('image', 'bootstrap', 'busybox');
    assert.equal(dockerlite('run', '--rm', '--network', 'none', 'busybox', 'echo', 'hello'), 'hello\n');
  });

  it("runs a container by require('dockerlite')", () => {
    writeFileSync(join(app, 'program.js'), PROGRAM);
    const { status, stdout, stderr } = run(process.execPath, ['program.js', store]);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, '7\n');
  });
});

/** Makes the prebuilt files as a release does, and packs. Prebuilt files that were there before are left in place. */
function pack(directory: string): string {
  const kept = existsSync(join(checkout, 'prebuilds'));
  try {
    const prebuilt = spawnSync(process.execPath, ['scripts/prebuild.js'], { cwd: checkout, encoding: 'utf8' });
    assert.equal(prebuilt.status, 0, prebuilt.stderr);
    const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
    const packed = JSON.parse(execFileSync('npm', args, { cwd: checkout, encoding: 'utf8', env: minimalEnvironment() })) as [{ filename: string }];
    return join(directory, packed[0].filename);
  } finally {
    if (!kept) rmSync(join(checkout, 'prebuilds'), { recursive: true, force: true });
  }
}

/** What npm would fetch for a user: the runtime dependencies and theirs. */
function copyDependencies(target: string): void {
  const listed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: checkout, encoding: 'utf8', env: minimalEnvironment() });
  const modules = join(checkout, 'node_modules');
  mkdirSync(target, { recursive: true });
  for (const path of listed.trim().split('\n').filter((line) => line.startsWith(`${modules}/`))) {
    const source = path === join(modules, 'better-sqlite3');
    // Of better-sqlite3 only what runs: its sources and object files are 70 MB.
    const filter = (file: string): boolean => !source || !/^(deps|src|build\/(?!Release($|\/better_sqlite3\.node$)))/.test(relative(path, file));
    cpSync(path, join(target, relative(modules, path)), { recursive: true, filter });
  }
}

/** Without the settings of the npm that runs the tests. */
function minimalEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/i.test(name));
  return Object.fromEntries(entries);
}

function pathWithoutCompiler(directory: string): string {
  mkdirSync(directory);
  symlinkSync(process.execPath, join(directory, 'node'));
  for (const program of ['sh', 'env', 'mkfs.btrfs']) symlinkSync(find(program), join(directory, program));
  return directory;
}

function find(program: string): string {
  return execFileSync('sh', ['-c', 'command -v "$0"', program], { encoding: 'utf8' }).trim();
}
