// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from '../../../lib/containers/container';
import { findRemains } from '../../../lib/containers/remains';
import { Engine } from '../../../lib/engine';
import { DockerliteError } from '../../../lib/errors';
import { supervisors } from '../../crash/victims';
import { storeOf, type TestEngine } from '../../helpers/engine';
import { findings } from '../../helpers/findings';
import { patience } from '../../helpers/patience';
import type { Interposer, Strike } from './interposer';
import type { Scenario } from './scenarios';

/** What is done to a supervisor must end within this. */
const LIMIT = 90_000;

export interface Fault {
  /** Name of the call that has failed; undefined when there were not so many. */
  fired: string | undefined;
  /** Calls in all. */
  count: number;
  /** What is wrong afterwards. */
  wrong: string[];
}

/** Makes the n-th call of one supervisor fail. Its client is a new one, and so is the program that becomes it. */
export async function faultIn(test: TestEngine, interposer: Interposer, scenario: Scenario, n: number, strike: Strike = {}): Promise<Fault> {
  const wrong: string[] = [];
  await using client = await Engine.open({ root: test.root, pool: 0 });
  const container = await client.containers.create(scenario.options);
  const { fired, count } = await interposer.around(async () => {
    if (scenario.running) await container.start();
    interposer.arm(n, strike);
    wrong.push(...(await outcome(scenario.name, () => scenario.run(container, client))));
    // Its end too, with liblxc's cleaning up.
    wrong.push(...(await outcome('the end', () => end(test, container))));
    return interposer.disarm();
  });
  wrong.push(...(await outcome('the next run', () => runsAgain(container))));
  wrong.push(...(await outcome('the removal', () => container.remove({ force: true }))));
  await client.close();
  wrong.push(...(await leftBehind(test, container.id)));
  return { fired, count, wrong };
}

/** A clear error is as good as a success, which the work itself has looked at. */
async function outcome(what: string, work: () => Promise<void>): Promise<string[]> {
  const late = new AbortController();
  const limit = delay(patience(LIMIT), [`${what} does not end`], { signal: late.signal, ref: true }).catch(() => []);
  try {
    return await Promise.race([limit, work().then(() => [], judge)]);
  } finally {
    late.abort();
  }
  function judge(error: unknown): string[] {
    return error instanceof DockerliteError ? [] : [`${what}: ${error instanceof Error ? error.stack : String(error)}`];
  }
}

async function end(test: TestEngine, container: Container): Promise<void> {
  await container.stop({ timeout: 0 });
  while (existsSync(storeOf(test.engine).layout.controlSocket(container.id)) && supervisors().length > 1) await delay(2);
}

async function runsAgain(container: Container): Promise<void> {
  try {
    await container.stop({ timeout: 0 }); // what was to end it may have been what failed
    await container.start({ command: ['sleep', '1000'] });
    const process = await container.exec(['true'], { attach: { stdout: false, stderr: false } });
    const code = await process.exited;
    if (code !== 0) throw new Error(`an exec in it ends with ${code}`);
    await container.stop({ timeout: 0 });
  } catch (error) {
    throw new Error(`not possible: ${String(error)}`);
  }
}

async function leftBehind(test: TestEngine, id: string): Promise<string[]> {
  const { layout } = storeOf(test.engine);
  const look = async () => {
    const { pids, cgroups, veths } = findRemains(id);
    return [
      ...[...pids.map((pid) => `process ${pid}`), ...cgroups, ...veths].map((what) => `left behind: ${what}`),
      ...supervisors().map((pid) => `left behind: supervisor ${pid}`),
      ...(existsSync(layout.runDir(id)) ? ['left behind: its run directory'] : []),
      ...(await findings(test.engine)).map((finding) => `check finds ${JSON.stringify(finding)}`),
    ];
  };
  let left = await look();
  for (const deadline = Date.now() + patience(10_000); left.length > 0 && Date.now() < deadline; left = await look()) await delay(20);
  return left;
}
