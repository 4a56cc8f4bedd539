#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
'use strict';
// Makes prebuilds/PLATFORM-ARCH. prebuildify packs one addon per package, the first .node it finds, so it gets to see a
// staging directory: its "node-gyp" is this file again, which builds the checkout and puts the core addon where prebuildify
// looks for it and everything else, stripped, among its artifacts.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { gypFile, outputOf } = require('./gyp-targets.js');

const root = path.dirname(__dirname);
const core = 'dockerlite.node';
const others = gypFile().targets.map(outputOf).filter((name) => name !== core);

if (process.env.DOCKERLITE_STAGE) compile(process.env.DOCKERLITE_STAGE);
else prebuild();

function prebuild() {
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerlite-prebuild-'));
  const artifacts = path.join(stage, 'artifacts');
  fs.mkdirSync(artifacts);
  fs.rmSync(path.join(root, 'prebuilds', `${process.platform}-${process.arch}`), { recursive: true, force: true });
  try {
    const prebuildify = require.resolve('prebuildify/bin.js');
    const name = path.basename(core, '.node');
    const args = [prebuildify, '--napi', '--strip', '--target', process.versions.node, '--name', name];
    args.push('--cwd', stage, '--out', root, '--artifacts', artifacts, '--node-gyp', __filename, '--cache', path.join(stage, 'cache'));
    run(process.execPath, args, { ...process.env, DOCKERLITE_STAGE: stage });
  } finally {
    fs.rmSync(stage, { recursive: true, force: true });
  }
}

function compile(stage) {
  run(process.execPath, [path.join(__dirname, 'build-native.js')], process.env);
  const release = path.join(root, 'build/Release');
  fs.mkdirSync(path.join(stage, 'build/Release'), { recursive: true });
  fs.copyFileSync(path.join(release, core), path.join(stage, 'build/Release', core));
  for (const name of others) {
    const target = path.join(stage, 'artifacts', name);
    fs.copyFileSync(path.join(release, name), target);
    run('strip', [target, '--strip-all'], process.env);
  }
}

function run(program, args, env) {
  execFileSync(program, args, { cwd: root, env, stdio: 'inherit' });
}
