// SPDX-License-Identifier: Apache-2.0
// npm run test:crash -- [--kills N] [--seed N] [--workers N]: the crash test in its long form.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '2000' }, seed: { type: 'string' }, workers: { type: 'string' } } });
for (const [name, value] of Object.entries(values)) {
  if (!/^\d{1,10}$/.test(value)) throw new Error(`--${name} needs a number, not ${value}`);
  process.env[`DOCKERLITE_CRASH_${name.toUpperCase()}`] = value;
}
const mocha = join(__dirname, '../../../node_modules/mocha/bin/mocha.js');
const { status } = spawnSync(process.execPath, [mocha, join(__dirname, 'crash.test.js')], { cwd: join(__dirname, '../../..'), stdio: 'inherit' });
process.exitCode = status ?? 1;
