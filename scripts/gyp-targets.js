// SPDX-License-Identifier: Apache-2.0
'use strict';
// The targets of binding.gyp. That file is the one list of sources: build-native.js and CMakeLists.txt read it through this.
// usage: scripts/gyp-targets.js   prints one CMake list element per target, name|type|sources|include dirs|defines|...; each a list with tabs
// binding.gyp stays plain JSON (gyp itself would take more), so that JSON.parse is all it needs.

const fs = require('node:fs');
const path = require('node:path');
const { execSync } = require('node:child_process');

const root = path.dirname(__dirname);

function gypFile() {
  return JSON.parse(fs.readFileSync(path.join(root, 'binding.gyp'), 'utf8'));
}

/** File name of what a target makes in build/Release. */
function outputOf(target) {
  return target.type === 'executable' ? target.target_name : `${target.target_name}.node`;
}

/** gyp's "<!(command)" and "<!@(command)"; "<@(variable)" names a list of the file. */
function expand(values = [], variables = {}) {
  return values.flatMap((value) => {
    const command = /^<!@?\((.*)\)$/.exec(value)?.[1];
    if (command !== undefined) return execSync(command, { cwd: root, encoding: 'utf8' }).trim().split(/\s+/).filter(Boolean);
    const variable = /^<@\((.*)\)$/.exec(value)?.[1];
    return variable === undefined ? [value] : variables[variable];
  });
}

function print() {
  const { targets, target_defaults: defaults, variables } = gypFile();
  const fields = ['sources', 'include_dirs', 'defines', 'cflags', 'cflags_c', 'cflags_cc', 'ldflags', 'libraries'];
  const lines = targets.map((target) => {
    const lists = fields.map((field) => [...expand(defaults[field], variables), ...expand(target[field], variables)].join('\t'));
    return [target.target_name, target.type ?? 'addon', ...lists].join('|');
  });
  process.stdout.write(lines.join(';'));
}

module.exports = { gypFile, outputOf };
if (require.main === module) print();
