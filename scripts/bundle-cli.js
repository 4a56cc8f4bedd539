// SPDX-License-Identifier: Apache-2.0
'use strict';
// Bundles the CLI into one CommonJS file whose modules are evaluated when they are first used, and lets bin/dockerlite.js
// begin V8's code cache beside it. (A cache of every function, compiled eagerly, takes longer to read than it saves.)

const { execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const esbuild = require('esbuild');

const root = path.dirname(__dirname);
const target = path.join(root, 'dist/cli');
const bundle = path.join(target, 'dockerlite.bundle.js');

const common = {
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  charset: 'ascii',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
};

/** yargs is used by --help of a command only; in the bundle its size would be felt by every command. */
const yargsApart = {
  name: 'yargs-apart',
  setup(build) {
    build.onResolve({ filter: /^\.\/yargs$/ }, () => ({ path: './yargs.bundle.js', external: true }));
  },
};

/** Few commands load the HTTP client: apart, and as one file, which takes half as long to load as its hundred. */
const undiciApart = {
  name: 'undici-apart',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: './undici.bundle.js', external: true }));
  },
};

/** As compiled to dist/bench: only `dockerlite bench` has a use for it. */
const benchApart = {
  name: 'bench-apart',
  setup(build) {
    build.onResolve({ filter: /^\.\.\/\.\.\/bench\// }, ({ path: name }) => ({ path: `${name.slice('../'.length)}.js`, external: true }));
  },
};

fs.mkdirSync(target, { recursive: true });

async function build() {
  const yargs = await esbuild.build({ ...common, entryPoints: ['cli/yargs.ts'], define: { 'import.meta.url': JSON.stringify('file:///') } });
  write(path.join(target, 'yargs.bundle.js'), yargs.outputFiles[0].contents);

  const undici = await esbuild.build({ ...common, entryPoints: [require.resolve('undici')] });
  write(path.join(target, 'undici.bundle.js'), wrapped(undici));

  // Found at run time, not bundled: what is native or optional.
  const external = ['bindings', 'node-gyp-build', 'better-sqlite3/package.json'];
  const cli = await esbuild.build({ ...common, entryPoints: ['cli/main.ts'], external, plugins: [yargsApart, undiciApart, benchApart] });
  write(bundle, wrapped(cli));
  execFileSync(process.execPath, [path.join(root, 'bin/dockerlite.js'), '--help'], { stdio: 'ignore' });
}

/** A function, as Module.wrap has it, after a line with its hash: the loader calls it, and knows what it has a cache of. */
function wrapped(built) {
  const body = `(function(exports,require,module,__filename,__dirname){${built.outputFiles[0].text}\n})`;
  return Buffer.from(`//${crypto.createHash('sha256').update(body).digest('hex')}\n${body}`, 'latin1');
}

/** A command may be starting: it sees the old file or the new one. */
function write(file, contents) {
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, contents);
  fs.renameSync(temporary, file);
}

build().catch((error) => {
  console.error(error.errors ? 'the CLI cannot be bundled' : error);
  process.exitCode = 1;
});
