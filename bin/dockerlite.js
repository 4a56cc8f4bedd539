#!/usr/bin/env -S node --
// SPDX-License-Identifier: Apache-2.0
'use strict';
// Runs the bundled CLI from V8's code cache: compiling it anew would take longer than most commands do. Each frequent
// command has a cache of the functions that it needed, made when it first runs where the file can be written; the others
// use that of --help. One made by another Node is rejected by V8, and made again.
//
// Without the -- in the first line Node takes --env-file for its own, wherever on the command line it is.

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const bundle = path.join(__dirname, '../dist/cli/dockerlite.bundle.js');

const SLOW = new Set([
  ...['node:child_process', 'node:crypto', 'node:fs/promises', 'node:net', 'node:readline', 'node:stream', 'node:stream/promises'],
  ...['node:timers/promises', 'node:tty', 'node:zlib'],
]);

const FREQUENT = new Set(['create', 'exec', 'images', 'ps', 'run', 'start']);
// With --root DIRECTORY before it, as is usual with two stores.
const command = process.argv[process.argv[2] === '--root' ? 4 : 2];
const word = FREQUENT.has(command) ? command : 'help';
const cache = `${bundle}.${word}.cache`;

// Start a container, for which the supervisor program is needed: it is loaded while this is.
const STARTS = new Set(['restart', 'run', 'start']);

const supervisor = STARTS.has(command) ? startSupervisor() : undefined;
const source = readBundle();
// The first line of the bundle is its hash, and so is the beginning of its cache: V8 compares lengths only.
const mark = source.slice(0, source.indexOf('\n') + 1);
const cached = readCache();
const script = new vm.Script(source, { filename: bundle, cachedData: cached });
const { main, ran } = run();
main(process.argv.slice(2), supervisor).then((status) => {
  if (status === 0 && ran.command === word && (cached === undefined || script.cachedDataRejected)) writeCache();
  // What may still be open, a container's supervisor for one, keeps nobody waiting.
  process.reallyExit(status);
});

function run() {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, Object.assign(requireLazily, require), module, bundle, path.dirname(bundle));
  return module.exports;
}

/** As lib/binding/supervisor.ts does; where that is not possible it says why. */
function startSupervisor() {
  for (const directory of ['../build/Release', `../prebuilds/${process.platform}-${process.arch}`]) {
    const file = path.join(__dirname, directory, 'dockerlite.node');
    if (!fs.existsSync(file)) continue;
    try {
      const started = { onGone: undefined };
      const end = () => (started.onGone ? started.onGone() : (started.native = undefined));
      started.native = require(file).spawnSupervisor(path.join(path.dirname(file), 'dockerlite-supervisor'), [], () => undefined, end);
      started.native.ref(false);
      return started;
    } catch {
      return undefined;
    }
  }
}

/** Loads the slow ones of Node's own modules when something of them is used, which most commands never do. */
function requireLazily(id) {
  if (SLOW.has(id)) return new Proxy({}, { get: (_, key) => require(id)[key] });
  return require(id.startsWith('.') ? path.join(path.dirname(bundle), id) : id);
}

/** It is ASCII, which latin1 reads fastest. */
function readBundle() {
  try {
    return fs.readFileSync(bundle, 'latin1');
  } catch {
    process.stderr.write(`dockerlite: ${bundle} is missing\nrun \`npm run build\` in the checkout\n`);
    process.exit(125);
  }
}

/** The mark, then V8's data. */
function readCache() {
  try {
    const bytes = fs.readFileSync(cache);
    return bytes.latin1Slice(0, mark.length) === mark ? bytes.subarray(mark.length) : undefined;
  } catch {
    return undefined;
  }
}

/** Another process sees the old file or the new one. */
function writeCache() {
  const temporary = `${cache}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, Buffer.concat([Buffer.from(mark, 'latin1'), script.createCachedData()]), { flag: 'wx' });
    fs.renameSync(temporary, cache);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}
