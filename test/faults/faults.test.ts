// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Engine } from '../../lib/engine';
import { DockerliteError } from '../../lib/errors';
import { descriptors } from '../crash/victims';
import { storeOf, TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';
import { Boundary, type Moment } from './boundary';
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
      await halfMade();
      await removeEverything();
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
      wrong.push(...(await halfMade()));
      await run().then(detach, (again: unknown) => {
        if (!(again instanceof DockerliteError) || done?.includes(again.code) !== true) wrong.push(`not possible any more: ${String(again)}`);
      });
    }
    wrong.push(...(await halfMade()));
    await removeEverything();
    if (!(await becomes(() => descriptors('self') <= open))) wrong.push(`${descriptors('self') - open} descriptors left open`);
    return wrong;
  }

  /** What is neither there nor not there. */
  async function halfMade(): Promise<string[]> {
    // As the next command does it, whoever gives it.
    await using next = await Engine.open({ root: test.root, pool: 0 });
    await next.containers.list({ all: true });
    await next.volumes.list();
    const { db, layout } = storeOf(test.engine);
    const wrong = (await findings(test.engine)).map((finding) => `check finds ${JSON.stringify(finding)}`);
    for (const table of ['containers', 'images']) {
      const rows = db.all<{ id: string; state: string }>(`SELECT id, state FROM ${table} WHERE state IN ('creating', 'removing', 'starting')`);
      wrong.push(...rows.map(({ id, state }) => `${table}: ${id.slice(0, 12)} is ${state}`));
      const [{ count } = { count: -1 }] = db.all<{ count: number }>(`SELECT count(*) AS count FROM ${table}`);
      const trees = readdirSync(`${layout.root}/${table}`).length;
      if (trees !== count) wrong.push(`${trees} trees of ${count} ${table}`);
    }
    const volumes = db.all<{ name: string; state: string }>('SELECT name, state FROM volumes');
    wrong.push(...volumes.filter(({ state }) => state !== 'ready').map(({ name, state }) => `volumes: ${name} is ${state}`));
    const directories = existsSync(layout.volumes) ? readdirSync(layout.volumes).length : 0;
    if (directories !== volumes.length) wrong.push(`${directories} trees of ${volumes.length} volumes`);
    const work = readdirSync(layout.tmp);
    return work.length === 0 ? wrong : [...wrong, `in tmp/: ${work.join(' ')}`];
  }

  async function removeEverything(): Promise<void> {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
    for (const { id, tags } of await test.engine.images.list()) {
      if (!tags.some((name) => /^(busybox|empty):/.test(name))) await test.engine.images.remove(id, { force: true });
    }
    await test.engine.volumes.prune({ all: true });
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
