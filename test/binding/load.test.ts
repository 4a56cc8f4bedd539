// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadAddon, programPath } from '../../lib/binding/load';

describe('binding/load', () => {
  it('loads an addon once and finds programs beside it', () => {
    assert.equal(loadAddon('dockerlite'), loadAddon('dockerlite'));
    assert.equal(typeof loadAddon('dockerlite').snapshotBatch, 'function');
    assert.match(programPath('dockerlite-supervisor'), /^\/.*\/dockerlite-supervisor$/);
  });

  /** Runs `script` with load.js of a package that has only what `prepare` puts there. */
  function inPackage(prepare: (root: string) => void, script: string): string {
    const root = mkdtempSync(join(tmpdir(), 'dockerlite-load-'));
    try {
      cpSync(join(__dirname, '../../lib'), join(root, 'dist/lib'), { recursive: true, filter: (file) => !/\.(ts|map)$/.test(file) });
      cpSync(dirname(require.resolve('node-gyp-build')), join(root, 'node_modules/node-gyp-build'), { recursive: true });
      prepare(root);
      const code = `const load = require(${JSON.stringify(join(root, 'dist/lib/binding/load.js'))});
        try { ${script} } catch (error) { console.log(error.code + ' ' + error.message + ' / ' + error.hint); }`;
      return execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' });
    } finally {
      rmSync(root, { recursive: true });
    }
  }

  it('says what to do when nothing is built', () => {
    const text = inPackage((root) => writeFileSync(join(root, 'binding.gyp'), ''), "load.loadAddon('dockerlite')");
    assert.match(text, /^E_NATIVE_MISSING no native build of dockerlite for linux-\w+ in .* \/ run `npm run setup`/);
  });

  it('says so when an addon or a program is missing or damaged', () => {
    const prepare = (root: string) => {
      writeFileSync(join(root, 'binding.gyp'), '');
      mkdirSync(join(root, 'build/Release'), { recursive: true });
      writeFileSync(join(root, 'build/Release/dockerlite.node'), 'not an ELF file');
    };
    assert.match(inPackage(prepare, "load.loadAddon('dockerlite')"), /^E_NATIVE_MISSING cannot load .*(too short|invalid ELF)/);
    assert.match(inPackage(prepare, "load.loadAddon('dockerlite-lxc')"), /^E_NATIVE_MISSING .*dockerlite-lxc.node is missing/);
    assert.match(inPackage(prepare, "load.programPath('dockerlite-init')"), /^E_NATIVE_MISSING .*dockerlite-init is missing/);
  });

  it('names the Debian package of a missing library', () => {
    const text = inPackage((root) => {
      writeFileSync(join(root, 'binding.gyp'), '');
      mkdirSync(join(root, 'prebuilds', `${process.platform}-${process.arch}`), { recursive: true });
      const directory = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
      const addon = join(directory, 'dockerlite.node');
      writeFileSync(join(directory, 'empty.c'), '');
      // A library of that name to link with, which is then not there to load.
      execFileSync('gcc', ['-shared', '-Wl,-soname,libarchive.so.99', '-o', join(directory, 'libarchive.so.99'), join(directory, 'empty.c')]);
      execFileSync('gcc', ['-shared', '-Wl,--no-as-needed', '-o', addon, join(directory, 'empty.c'), join(directory, 'libarchive.so.99')]);
      rmSync(join(directory, 'libarchive.so.99'));
    }, "load.loadAddon('dockerlite')");
    assert.match(text, /^E_NATIVE_MISSING cannot load .* \/ install libarchive.so.99, on Debian: apt-get install libarchive13/);
  });
});
