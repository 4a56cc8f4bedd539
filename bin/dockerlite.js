#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
'use strict';
// Runs the bundled CLI from V8's code cache: compiling it anew would take longer than most commands do. The cache holds the
// functions that the frequent commands needed: one that runs for the first time adds its own, where the file can be
// written. One made by another Node is rejected by V8, and made again.

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const bundle = path.join(__dirname, '../dist/cli/dockerlite.bundle.js');
const cache = `${bundle}.cache`;

const SLOW = new Set([
  ...['node:child_process', 'node:crypto', 'node:fs/promises', 'node:net', 'node:readline', 'node:stream', 'node:stream/promises'],
  ...['node:timers/promises', 'node:tty', 'node:zlib'],
]);

// The more there is in the cache, the longer it takes to read, for every command.
const FREQUENT = new Set(['create', 'exec', 'help', 'images', 'ps', 'run', 'start']);

const source = readBundle();
// The first line of the bundle is its hash, and so is the beginning of its cache: V8 compares lengths only.
const mark = source.slice(0, source.indexOf('\n') + 1);
const cached = readCache();
const script = new vm.Script(source, { filename: bundle, cachedData: cached?.data });
if (script.cachedDataRejected) cached.commands.clear();
const { main, ran } = run();
main(process.argv.slice(2)).then((status) => {
  if (status === 0 && FREQUENT.has(ran.command) && !cached?.commands.has(ran.command)) writeCache(ran.command);
  // What may still be open, a container's supervisor for one, keeps nobody waiting.
  process.reallyExit(status);
});

function run() {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, Object.assign(requireLazily, require), module, bundle, path.dirname(bundle));
  return module.exports;
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

/** Two lines, the mark and the commands, then V8's data. */
function readCache() {
  try {
    const bytes = fs.readFileSync(cache);
    const line = bytes.indexOf(10, mark.length);
    if (bytes.latin1Slice(0, mark.length) !== mark || line < 0) return undefined;
    return { commands: new Set(bytes.latin1Slice(mark.length, line).split(',')), data: bytes.subarray(line + 1) };
  } catch {
    return undefined;
  }
}

/** Another process sees the old file or the new one. */
function writeCache(command) {
  const temporary = `${cache}.${process.pid}`;
  try {
    const head = `${mark}${[...(cached?.commands ?? []), command].join(',')}\n`;
    fs.writeFileSync(temporary, Buffer.concat([Buffer.from(head, 'latin1'), script.createCachedData()]), { flag: 'wx' });
    fs.renameSync(temporary, cache);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}
