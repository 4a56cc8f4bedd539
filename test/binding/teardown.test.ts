// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { programPath } from '../../lib/binding/load';

// Writes a frame's header (length 0, type 32) into the connection when Node has begun to end: libuv still polls it then.
const PROGRAM = `
const { makeConnection } = require(process.argv[1]);
const { connection, fd } = makeConnection(() => {}, () => {});
connection.ref(false);
process.on('exit', () => require('node:fs').writeSync(fd, Buffer.from([0, 0, 0, 0, 32, 0, 0, 0])));
`;

describe('a frame that arrives while Node ends', () => {
  it('does not crash it', () => {
    const addon = join(dirname(programPath('dockerlite-init')), 'dockerlite.node');
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', PROGRAM, addon], { encoding: 'utf8' });
    assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  });
});
