// SPDX-License-Identifier: Apache-2.0
'use strict';
// Compiles TypeScript and bundles the CLI; returns at once when no source is newer than the last successful build.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.dirname(__dirname);
const sources = ['lib', 'cli', 'test', 'bench'];
const inputs = [...sources, 'tsconfig.json', 'package.json', 'scripts/build-ts.js', 'scripts/bundle-cli.js'];
const stamp = path.join(root, 'dist/.built');

/** Directories count too: removing a file touches its directory only. */
function newest(entry) {
  const stat = fs.statSync(entry, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...fs.readdirSync(entry).map((name) => newest(path.join(entry, name))));
}

/** Output of sources that are gone: mocha would still run it. */
function prune(directory) {
  for (const entry of fs.readdirSync(path.join(root, 'dist', directory), { withFileTypes: true })) {
    const relative = path.join(directory, entry.name);
    if (entry.isDirectory()) prune(relative);
    const match = /^(.*)\.(js|d\.ts|js\.map)$/.exec(relative);
    if (match && !match[1].endsWith('.bundle') && !fs.existsSync(path.join(root, `${match[1]}.ts`))) fs.rmSync(path.join(root, 'dist', relative));
  }
}

function run(script, ...args) {
  const { status, error } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(1);
}

const started = Date.now();
const built = fs.statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (process.argv.includes('--force') || newestOf(inputs) >= built) build();

function newestOf(entries) {
  return Math.max(...entries.map((entry) => newest(path.join(root, entry))));
}

function build() {
  fs.rmSync(stamp, { force: true });
  for (const directory of sources) if (fs.existsSync(path.join(root, 'dist', directory))) prune(directory);
  run(require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', 'dist/.tsbuildinfo');
  const bundle = path.join(__dirname, 'bundle-cli.js');
  if (fs.existsSync(bundle)) run(bundle);
  fs.writeFileSync(stamp, '');
  // What was saved while this ran is not in it.
  fs.utimesSync(stamp, started / 1000, started / 1000);
}
