// SPDX-License-Identifier: Apache-2.0
'use strict';
// npm's install step: uses the prebuilt files where they work on this machine and compiles where they do not.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { gypFile, outputOf } = require('./gyp-targets.js');
const nodeDir = require('./node-dir.js');

const root = path.dirname(__dirname);
const prebuilt = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);
const LIBRARIES = 'apt-get install btrfs-progs liblxc1 libarchive13 libnftables1 libmnl0   (Debian 13: liblxc1t64 libarchive13t64)';

// A checkout is built by scripts/setup.sh; tsconfig.json is not part of the package.
if (!fs.existsSync(path.join(root, 'tsconfig.json'))) install();

function install() {
  if (process.platform !== 'linux') return note('only Linux can run containers; nothing was built');
  const reason = whyNotPrebuilt();
  if (reason === '') return;
  note(`compiling: ${reason}`);
  const args = ['rebuild', '--release'];
  if (nodeDir()) args.push(`--nodedir=${nodeDir()}`);
  const { status } = spawnSync('node-gyp', args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  note('compiling failed. On Debian: apt-get install g++ make python3 pkg-config lxc-dev libarchive-dev nettle-dev libnftables-dev libmnl-dev btrfs-progs');
  process.exitCode = 1;
}

/** '' when the prebuilt files are all there and load here. */
function whyNotPrebuilt() {
  const files = gypFile().targets.map(outputOf);
  if (!files.every((name) => fs.existsSync(path.join(prebuilt, name)))) return `no prebuilt files for ${process.platform}-${process.arch}`;
  for (const name of files.filter((file) => file.endsWith('.node'))) {
    try {
      require(path.join(prebuilt, name));
    } catch (error) {
      // Compiling needs the same libraries and more.
      const library = /^(\S+): cannot open shared object file/.exec(error.message)?.[1];
      if (library === undefined) return `the prebuilt ${name} does not load here (${error.message})`;
      note(`${library} is missing. On Debian: ${LIBRARIES}`);
      return '';
    }
  }
  return '';
}

function note(text) {
  process.stderr.write(`dockerlite: ${text}\n`);
}
