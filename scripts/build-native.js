#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
'use strict';
// Builds the targets of binding.gyp into build/Release when their sources, or Node, changed since the last time.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { gypFile, outputOf } = require('./gyp-targets.js');
const nodeDir = require('./node-dir.js');

const root = path.dirname(__dirname);
const build = path.join(root, 'build');
const stamp = path.join(build, 'dockerlite-inputs');

const inputs = describeInputs();
const outputs = gypFile().targets.map((target) => path.join(build, 'Release', outputOf(target)));
if (isUpToDate()) console.log('native code: up to date');
else compile();

function isUpToDate() {
  return outputs.every((file) => fs.existsSync(file)) && read(stamp) === inputs;
}

function compile() {
  const start = Date.now();
  // Adding a source changes the makefile; the first line of the inputs is what the makefile depends on.
  const commands = read(stamp).split('\n')[0] === inputs.split('\n')[0] && fs.existsSync(path.join(build, 'Makefile')) ? ['build'] : ['configure', 'build'];
  const args = [require.resolve('node-gyp/bin/node-gyp.js'), ...commands, '--release', `--jobs=${os.availableParallelism()}`];
  if (nodeDir()) args.push(`--nodedir=${nodeDir()}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}native code: the build failed\n`);
    process.exitCode = 1;
    return;
  }
  fs.writeFileSync(stamp, inputs);
  console.log(`native code: built ${outputs.length} targets in ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

/** What the outputs were made from: a line for Node, binding.gyp and where the makefile's relative paths begin, then one per file below native/. */
function describeInputs() {
  const gyp = fs.readFileSync(path.join(root, 'binding.gyp'), 'utf8').replaceAll(/\s+/g, ' ');
  const lines = [`${process.version} ${process.arch} ${nodeDir()} ${root} ${gyp}`];
  for (const entry of fs.readdirSync(path.join(root, 'native'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const { size, mtimeMs } = fs.statSync(file);
    lines.push(`${path.relative(root, file)} ${size} ${mtimeMs}`);
  }
  return [lines[0], ...lines.slice(1).sort()].join('\n');
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
