// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import { DockerliteError } from '../../lib/errors';
import { descriptors } from '../crash/victims';
import { TestEngine } from '../helpers/engine';
import { Boundary, type Moment } from './boundary';
import { halfMade, removeEverything } from './half-made';
import { type Scenario, SCENARIOS } from './operations';

describe('every call outwards that fails in turn', function () {
  this.timeout(300_000);
  let test: TestEngine;
  let boundary: Boundary;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    boundary = new Boundary();
  });
  after(async () => {
    boundary.remove();
    await test.remove();
  });

  for (const scenario of SCENARIOS) {
    it(`${scenario.name}: a clear error, nothing half-made`, async () => {
      detach(await (await scenario.prepare(test)).run()); // whatever is loaded and opened once
      await halfMade(test);
      await removeEverything(test);
      const faults: string[] = [];
      let injected = 0;
      for (const moment of ['before', 'after'] as const) {
        for (let n = 1; ; n++) {
          const wrong = await once(scenario, n, moment);
          if (boundary.fired === undefined) break;
          injected++;
          faults.push(...wrong.map((line) => `${n} ${moment} (${boundary.fired}): ${line}`));
        }
      }
      if (process.env['DOCKERLITE_FAULTS'] !== undefined) console.log(`      ${injected} faults`);
      assert.deepEqual(faults, []);
    });
  }

  /** Makes one call fail; what is wrong afterwards. */
  async function once(scenario: Scenario, n: number, moment: Moment): Promise<string[]> {
    const wrong: string[] = [];
    const before = descriptors('self');
    const { run, done } = await scenario.prepare(test);
    const open = Math.max(before, descriptors('self'));
    try {
      const result = await boundary.watch(n, moment, run);
      detach(result);
    } catch (error) {
      if (!(error instanceof DockerliteError)) wrong.push(`no clear error: ${error instanceof Error ? error.stack : String(error)}`);
      wrong.push(...(await halfMade(test)));
      await run().then(detach, (again: unknown) => {
        if (!(again instanceof DockerliteError) || done?.includes(again.code) !== true) wrong.push(`not possible any more: ${String(again)}`);
      });
    }
    wrong.push(...(await halfMade(test)));
    await removeEverything(test);
    if (!(await becomes(() => descriptors('self') <= open))) wrong.push(`${descriptors('self') - open} descriptors left open`);
    return wrong;
  }
});

/** Lets go of what an operation returned, if that holds descriptors. */
function detach(result: unknown): void {
  (result as { detach?(): void } | undefined)?.detach?.();
}

async function becomes(condition: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (condition()) return true;
    await delay(2);
  }
  return false;
}
