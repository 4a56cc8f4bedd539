// SPDX-License-Identifier: Apache-2.0
// npm run test:faults -- [--every N] [--from N] [--to N] [--only WORD]: every call of a supervisor made to fail in turn, or every N-th.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(__dirname, '../../../..');
const { values } = parseArgs({ options: { every: { type: 'string', default: '1' }, from: { type: 'string' }, to: { type: 'string' }, only: { type: 'string' } } });
for (const [name, value] of Object.entries(values)) {
  if (name !== 'only' && !/^[1-9]\d{0,8}$/.test(value)) throw new Error(`--${name} needs a number, not ${value}`);
  process.env[`DOCKERLITE_FAULTS_${name.toUpperCase()}`] = value;
}
const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
const { status } = spawnSync(process.execPath, [mocha, join(__dirname, 'supervisor.test.js')], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
