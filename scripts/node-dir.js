// SPDX-License-Identifier: Apache-2.0
'use strict';
// Where the running Node's own headers are, or '' when they are not installed and node-gyp has to download them.
// Node's tarballs and NodeSource's packages bring include/node along; Debian has it in libnode-dev.

const fs = require('node:fs');
const path = require('node:path');

function nodeDir() {
  if (process.env.npm_config_nodedir) return process.env.npm_config_nodedir;
  const prefix = path.dirname(path.dirname(process.execPath));
  try {
    const header = fs.readFileSync(path.join(prefix, 'include/node/node_version.h'), 'utf8');
    const major = /^#define NODE_MAJOR_VERSION (\d+)$/m.exec(header)?.[1];
    // Within one major version the ABI is fixed; headers of another one compile and then crash.
    return major === process.versions.node.split('.')[0] ? prefix : '';
  } catch {
    return '';
  }
}

module.exports = nodeDir;
if (require.main === module) process.stdout.write(`${nodeDir()}\n`);
