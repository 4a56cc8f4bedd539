// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import type { Container } from '../lib/containers/container';
import { type Bed, IMAGE } from './bed';
import { commandTimes } from './cli';
import { kernelMemory, processes, proportionalSize } from './machine-memory';
import { peersMemory } from './peers';
import { type Check, type Comparison, measured, type Measured } from './result';

const RUNNING = 1000;
const STOPPED = 10_000;
/** How many of the first and of the last starts are compared, and how many are under way at a time. */
const EDGE = 100;
const AT_ONCE = 8;

/** A thousand containers that run at once: their starts, their memory, listing them, stopping them. */
export async function compareDensity(bed: Bed, quick: boolean): Promise<Comparison[]> {
  const running = quick ? 200 : RUNNING;
  const alone = await commandTimes(bed, ['ps'], quick);
  const before = kernelMemory();
  const { containers, rates } = await startMany(bed, running);
  const own = ownMemory((kernelMemory() - before) / running);
  await bed.engine.containers.createMany(Array.from({ length: quick ? 1000 : STOPPED }, () => ({ image: IMAGE, network: 'none' as const })));
  const crowded = await commandTimes(bed, ['ps'], quick);
  const stopping = performance.now();
  await Promise.all(containers.map((container) => container.stop({ timeout: 0 })));
  const stopped = (performance.now() - stopping) / running;
  await bed.clear();
  const [first, last] = rates as [Measured, Measured];
  const ps = [measured('ps, no containers', 'ms', alone), measured(`ps, ${running} running, ${quick ? 1000 : STOPPED} created`, 'ms', crowded)];
  return [
    {
      title: `${running} containers running sleep at once`,
      sides: [first, last, ...own.sides, ...ps, measured('stop, all in parallel, each', 'ms', [stopped])],
      checks: [
        { what: 'rate of the last starts over the first', value: last.summary.p50 / first.summary.p50, unit: 'x', atLeast: 0.6 },
        { what: 'memory of a container without its payload', value: own.perContainer, unit: 'KiB', atMost: 1024 },
        { what: 'ps among them over ps with none', value: (ps[1] as Measured).summary.p50 / (ps[0] as Measured).summary.p50, unit: 'x', atMost: 2 },
      ] satisfies Check[],
    },
    ...(await peersMemory(bed)),
  ];
}

async function startMany(bed: Bed, count: number): Promise<{ containers: Container[]; rates: Measured[] }> {
  const containers: Container[] = [];
  const ends: number[] = [];
  let left = count;
  const begin = performance.now();
  const worker = async () => {
    while (left-- > 0) {
      containers.push(await bed.engine.containers.run({ image: IMAGE, command: ['sleep', '86400'], network: 'none' }));
      ends.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const rate = (from: number, to: number) => [(EDGE / (to - from)) * 1e3];
  const firstEnd = ends[EDGE - 1] as number;
  const lastBegin = ends[count - EDGE - 1] as number;
  return {
    containers,
    rates: [
      measured(`starts, first ${EDGE}`, '/s', rate(begin, firstEnd)),
      measured(`starts, last ${EDGE}`, '/s', rate(lastBegin, ends.at(-1) as number)),
    ],
  };
}

/** What each container takes beyond its own processes. */
function ownMemory(kernel: number): { sides: Measured[]; perContainer: number } {
  const supervisors = processes().filter(({ name }) => name.startsWith('dockerlite-sup')).map(({ pid }) => proportionalSize(pid));
  const sides = [measured('supervisor, PSS', 'KiB', supervisors), measured("kernel's growth, each", 'KiB', [kernel])];
  return { sides, perContainer: (sides[0] as Measured).summary.p50 + kernel };
}
