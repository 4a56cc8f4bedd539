// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as btrfs from '../../lib/binding/btrfs';
import { Engine } from '../../lib/engine';
import { storeOf, type TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';
import { newLeftovers, leftovers, type Leftovers, containerThings } from '../helpers/leaks';
import { patience } from '../helpers/patience';
import type { CrashRun } from './crash-run';
import { eventFaults } from './event-faults';
import { History } from './history';
import { descriptors } from './victims';

/** What there is of everything that a crash could leave behind. */
export interface Before {
  history: History;
  machine: Leftovers;
  subvolumes: number;
  descriptors: number;
}

export async function takeStock(test: TestEngine, directory: string): Promise<Before> {
  const history = new History(storeOf(test.engine).db);
  return { history, machine: leftovers(directory), subvolumes: (await btrfs.subvolumeNested(test.root)).length, descriptors: descriptors('self') };
}

export interface Verdict {
  /** What is wrong; empty when nothing was lost, nothing leaked and one repair sufficed. */
  faults: string[];
  /** What the one repair mended, by kind. */
  repaired: Record<string, number>;
  containers: number;
  images: number;
}

/** Looks at what a run has left, then removes everything and looks at what is left of that. */
export async function judge(test: TestEngine, run: CrashRun, directory: string, before: Before): Promise<Verdict> {
  const faults = [...run.complaints];
  const { model } = run;
  const engine = await Engine.open({ root: test.root, pool: 0 });
  try {
    await engine.containers.list({ all: true }); // as any command: settles what the killed ones left
    const mended = (await findings(engine, { repair: true })).filter(({ note }) => note !== true);
    for (const finding of mended) if (finding.repaired === undefined) faults.push(`not repaired: ${JSON.stringify(finding)}`);
    for (const finding of await findings(engine)) if (finding.note !== true) faults.push(`found after the repair: ${JSON.stringify(finding)}`);
    faults.push(...(await model.compare(engine)));
    faults.push(...(await runningOnes(engine)));
    faults.push(...(await eventFaults(engine)));
    const repaired = Object.fromEntries([...new Set(mended.map(({ kind }) => kind))].map((kind) => [kind, mended.filter((one) => one.kind === kind).length]));
    const counts = { repaired, containers: model.count('container'), images: model.count('image') };
    await removeEverything(engine);
    for (const finding of await findings(engine)) faults.push(`found after everything was removed: ${JSON.stringify(finding)}`);
    faults.push(...(await leaks(test, directory, before)));
    return { faults, ...counts };
  } finally {
    await engine.close();
  }
}

/** Those that run can be used; the others, which were to sleep for ever, did not end as a success. */
export async function runningOnes(engine: Engine): Promise<string[]> {
  const faults: string[] = [];
  for (const { id, state, exitCode, command } of await engine.containers.list({ all: true })) {
    const container = await engine.containers.get(id);
    if (state === 'paused') await container.unpause();
    if (state === 'exited' && exitCode === 0 && command[0] === 'sleep') faults.push(`container ${id} was killed and counts as a success`);
    if (state !== 'running' && state !== 'paused') continue;
    const process = await container.exec(['true'], { attach: { stdout: false, stderr: false } });
    if ((await process.exited) !== 0) faults.push(`container ${id} runs and cannot be used`);
  }
  return faults;
}

export async function removeEverything(engine: Engine): Promise<void> {
  for (const { id } of await engine.containers.list({ all: true })) await (await engine.containers.get(id)).remove({ force: true });
  for (const { id, tags } of await engine.images.list()) {
    if (!tags.some((name) => /^(busybox|empty):/.test(name))) await engine.images.remove(id, { force: true });
  }
}

/** What is there for as long as anybody cleans up. */
async function lasting(look: () => string[]): Promise<string[]> {
  const deadline = Date.now() + patience(10_000);
  let lines = look();
  while (lines.length > 0 && Date.now() < deadline) {
    await delay(50);
    const now = look();
    lines = lines.filter((line) => now.includes(line));
  }
  return lines;
}

async function leaks(test: TestEngine, directory: string, before: Before): Promise<string[]> {
  // The store's own bridge goes with the store.
  const bridge = `network link dl${storeOf(test.engine).marker.id.slice(0, 8)}`;
  const faults = (await newLeftovers(directory, new Set([...before.machine, bridge]))).map((line) => `left behind: ${line}`);
  const own = () => containerThings().filter(({ digits }) => before.history.knows(digits));
  faults.push(...(await lasting(() => own().map(({ line, digits }) => `left behind: ${line}${before.history.of(digits)}`))));
  const subvolumes = (await btrfs.subvolumeNested(test.root)).filter((path) => !path.toString().startsWith('pool/')).length;
  if (subvolumes !== before.subvolumes) faults.push(`${subvolumes} subvolumes, ${before.subvolumes} at the start`);
  for (const name of ['containers', 'tmp']) {
    const left = readdirSync(`${test.root}/${name}`);
    if (left.length > 0) faults.push(`left in ${name}/: ${left.join(' ')}`);
  }
  // The engine of the verdict has a few open itself.
  const open = descriptors('self');
  if (open > before.descriptors + 8) faults.push(`${open} descriptors, ${before.descriptors} at the start`);
  return faults;
}
