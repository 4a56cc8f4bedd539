// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { dirname } from 'node:path';
import { TestEngine } from '../helpers/engine';
import { CrashRun } from './crash-run';
import { judge, takeStock } from './verdict';

describe('clients and supervisors killed at random', () => {
  const kills = Number(process.env['DOCKERLITE_CRASH_KILLS'] ?? 100);
  const workers = Number(process.env['DOCKERLITE_CRASH_WORKERS'] ?? 3);
  const seed = Number(process.env['DOCKERLITE_CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create({ mebibytes: 8192, pool: 0 });
  });
  after(() => test.remove());

  it(`loses and leaks nothing in ${kills} kills (seed ${seed})`, async function () {
    this.timeout(120_000 + 2_000 * kills);
    const directory = dirname(test.loop.directory);
    const before = await takeStock(test, directory);
    const onProgress = kills < 500 ? undefined : (done: number) => done % 100 === 0 && console.log(`      ${done} kills`);
    const run = await CrashRun.go({ engine: test.engine, root: test.root, directory: test.loop.directory }, { kills, seed, workers, onProgress });
    const verdict = await judge(test, run, directory, before);
    const done = [...run.model.operations].map(([name, count]) => `${name} ${count}`).sort().join(', ');
    console.log(`      killed: ${JSON.stringify(run.killed)}; done: ${done}`);
    console.log(`      acknowledged and there: ${verdict.containers} containers, ${verdict.images} images; mended: ${JSON.stringify(verdict.repaired)}`);
    assert.deepEqual(verdict.faults, []);
  });
});
