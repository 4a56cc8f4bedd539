// SPDX-License-Identifier: Apache-2.0
'use strict';
// Bundles the compiled CLI into one CommonJS file whose modules are evaluated when they are first used, and lets bin/dockerlite.js
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
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
};

/** Those of Node's own modules that take long to load, and that most commands never use. */
const SLOW = ['child_process', 'crypto', 'fs/promises', 'net', 'readline', 'stream', 'stream/promises', 'timers/promises', 'tty', 'zlib'].map((name) => `node:${name}`);

/** Moves `const name = require(module)`, as TypeScript writes it, to where the name is used: half of the modules that a command imports it has no use for. */
const requireWhereUsed = {
  name: 'require-where-used',
  setup(build) {
    build.onLoad({ filter: /\/dist\/(?:cli|lib)\/.*\.js$/ }, ({ path: file }) => {
      let text = fs.readFileSync(file, 'utf8');
      for (const [line, name, id] of text.matchAll(/^const (\w+) = (?:__importStar\()?require\("([^"]+)"\)\)?;\n/gm)) {
        const rest = text.replace(line, '');
        const isMember = new RegExp(`\\b${name}\\.`, 'g');
        if (!(id.startsWith('.') || SLOW.includes(id)) || new RegExp(`\\b${name}\\b(?!\\.)`).test(rest)) continue;
        const made = new RegExp(`\\bnew ${name}\\.([\\w.]+)`, 'g');
        text = rest.replace(made, `new (require("${id}").$1)`).replace(isMember, `require("${id}").`);
      }
      return { contents: text, loader: 'js' };
    });
  },
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

/** What lib/registry uses of it, a third of what the package would evaluate. */
const HTTP_CLIENT = `
  const methods = { request: require('undici/lib/api/api-request'), connect: require('undici/lib/api/api-connect') }; // connect: a proxy
  Object.assign(require('undici/lib/dispatcher/dispatcher').prototype, methods);
  module.exports = { Agent: require('undici/lib/dispatcher/agent'), ProxyAgent: require('undici/lib/dispatcher/proxy-agent') };`;

/** Which nobody asks it for, and whose loading takes as long as all the rest of it. */
const withoutHttp2 = {
  name: 'without-http2',
  setup(build) {
    build.onResolve({ filter: /^node:http2$/ }, ({ path: name }) => ({ path: name, namespace: 'nothing' }));
    build.onLoad({ filter: /./, namespace: 'nothing' }, () => ({ contents: 'module.exports = { constants: {} }' }));
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

  const undici = await esbuild.build({ ...common, stdin: { contents: HTTP_CLIENT, resolveDir: root }, plugins: [withoutHttp2] });
  write(path.join(target, 'undici.bundle.js'), wrapped(undici));

  // Found at run time, not bundled: what is native or optional.
  const external = ['bindings', 'node-gyp-build'];
  const cli = { ...common, entryPoints: ['dist/cli/main.js'], external, plugins: [yargsApart, undiciApart, benchApart, requireWhereUsed] };
  // The cache has every name in it; what DEBUG shows is for people.
  write(bundle, wrapped(await esbuild.build({ ...cli, minifyIdentifiers: true })));
  const readable = { minifySyntax: false, minifyWhitespace: false };
  write(bundle.replace('.bundle.', '.readable.bundle.'), wrapped(await esbuild.build({ ...cli, ...readable })));
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
