// SPDX-License-Identifier: Apache-2.0
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { type Bed, IMAGE } from './bed';
import { untilIdle } from './idle';
import { type Comparison, measured, type Measured } from './result';

const COUNT = 200;

/** How long this program's event loop is held up while it starts containers: one after the other, and all in one go. */
export async function compareEventLoop(bed: Bed): Promise<Comparison> {
  const start = () => bed.engine.containers.run({ image: IMAGE, command: ['sleep', '3600'], network: 'none' });
  const inTurn = await watch('one after the other', async () => {
    for (let i = 0; i < COUNT; i++) await start();
  });
  await bed.clear();
  await untilIdle(10_000);
  const atOnce = await watch('all at once', async () => {
    await Promise.all(Array.from({ length: COUNT }, start));
  });
  return {
    title: `time between turns of the event loop, ${COUNT} starts`,
    sides: [...inTurn.sides, ...atOnce.sides],
    checks: [inTurn, atOnce].map(({ name, p99 }) => ({ what: `99th percentile, ${name}`, value: p99, unit: 'ms', atMost: 5 })),
  };
}

/** The histogram holds the time between ticks of a timer of 1 ms, so 1 is the least. */
async function watch(name: string, work: () => Promise<void>): Promise<{ name: string; p99: number; sides: Measured[] }> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const begin = performance.now();
  await work();
  const elapsed = performance.now() - begin;
  histogram.disable();
  const sides: Measured[] = [
    { name, unit: 'ms', summary: summaryOf(histogram) },
    measured(`${name}, containers`, '/s', [(COUNT / elapsed) * 1e3]),
  ];
  return { name, p99: histogram.percentile(99) / 1e6, sides };
}

function summaryOf(histogram: IntervalHistogram): Measured['summary'] {
  const ms = (ns: number) => ns / 1e6;
  const at = (percent: number) => ms(histogram.percentile(percent));
  return { count: histogram.count, min: ms(histogram.min), p50: at(50), p90: at(90), max: ms(histogram.max) };
}
