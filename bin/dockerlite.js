#!/usr/bin/env -S -u NODE_EXTRA_CA_CERTS DOCKERLITE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS} node --
// SPDX-License-Identifier: Apache-2.0
'use strict';
// Runs the bundled CLI from V8's code cache: compiling it anew would take longer than most commands do. Each frequent
// command has a cache of the functions that it needed, made when it first runs where the file can be written; the others
// use that of --help. One made by another Node is rejected by V8, and made again.
//
// In the first line: without the -- Node takes --env-file for its own, wherever on the command line it is. The certificates that
// NODE_EXTRA_CA_CERTS names Node reads before anything else, a whole bundle of them for longer than all the rest of its start;
// those few commands that use them read them themselves.

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const directory = path.join(__dirname, '../dist/cli');
const HTTP_CLIENT = './undici.bundle.js';
/** Of V8. */
const OPTIMIZERS = ['opt', 'wasm-tier-up', 'wasm-dynamic-tiering'];

const { DOCKERLITE_EXTRA_CA_CERTS: authorities } = process.env;
delete process.env.DOCKERLITE_EXTRA_CA_CERTS;
if (authorities) process.env.NODE_EXTRA_CA_CERTS = authorities;

const FREQUENT = new Set(['commit', 'create', 'exec', 'images', 'load', 'ps', 'pull', 'push', 'run', 'save', 'start']);
// With --root DIRECTORY before it, as is usual with two stores.
const command = process.argv[process.argv[2] === '--root' ? 4 : 2];
const word = FREQUENT.has(command) ? command : 'help';

// Start a container, for which the supervisor program is needed: it is loaded while this is.
const STARTS = new Set(['restart', 'run', 'start']);

const supervisor = STARTS.has(command) ? startSupervisor() : undefined;
let httpClient;
/** What was compiled anew: `keep` leaves a cache of it. */
const compiled = [];
// Stack traces are shown with DEBUG only: then with names that say something.
const { main, ran } = load(`./dockerlite.${process.env.DEBUG ? 'readable.' : ''}bundle.js`, requireFromBundle);
main(process.argv.slice(2), supervisor).then((status) => {
  if (status === 0 && ran.command === word && compiled.length > 0) {
    // V8 takes a cache that was made with the flags that it has when it reads it.
    setFlags('--flush-bytecode', ...OPTIMIZERS.map((name) => `--${name}`));
    compiled.forEach(keep);
  }
  // What may still be open, a container's supervisor for one, keeps nobody waiting.
  process.reallyExit(status);
});

/** What a bundle exports. */
function load(name, requireFrom) {
  const file = path.join(directory, name);
  const cache = `${file}.${word}.cache`;
  const source = readBundle(file);
  // The first line of a bundle is its hash, and so is the beginning of its cache: V8 compares lengths only.
  const mark = source.slice(0, source.indexOf('\n') + 1);
  const cachedData = readCache(cache, mark);
  const script = new vm.Script(source, { filename: file, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) {
    compiled.push({ script, cache, mark });
    // What was needed at the beginning is in the cache of a long command too.
    setFlags('--no-flush-bytecode');
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, requireFrom, module, file, directory);
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

/** Of another file beside the bundle, of a package, or of Node. */
function requireFromBundle(id) {
  if (id === HTTP_CLIENT) return (httpClient ??= loadHttpClient());
  return require(id.startsWith('.') ? path.join(directory, id) : id);
}

/** Making what moves an image's bytes faster, its parser in WebAssembly above all, takes longer than that saves in one command. */
function loadHttpClient() {
  const client = load(HTTP_CLIENT, require);
  // Who gets here needs it, and with other flags V8 compiles Node's own modules anew.
  require('node:crypto');
  setFlags(...OPTIMIZERS.map((name) => `--no-${name}`));
  return client;
}

function setFlags(...flags) {
  for (const flag of flags) require('node:v8').setFlagsFromString(flag);
}

/** It is ASCII, which latin1 reads fastest. */
function readBundle(file) {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    process.stderr.write(`dockerlite: ${file} is missing\nrun \`npm run build\` in the checkout\n`);
    process.exit(125);
  }
}

/** The mark, then V8's data. */
function readCache(cache, mark) {
  try {
    const bytes = fs.readFileSync(cache);
    return bytes.latin1Slice(0, mark.length) === mark ? bytes.subarray(mark.length) : undefined;
  } catch {
    return undefined;
  }
}

/** Another process sees the old file or the new one. */
function keep({ script, cache, mark }) {
  const temporary = `${cache}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, Buffer.concat([Buffer.from(mark, 'latin1'), script.createCachedData()]), { flag: 'wx' });
    fs.renameSync(temporary, cache);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}
