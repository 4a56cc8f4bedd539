// SPDX-License-Identifier: Apache-2.0
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { type Bed, IMAGE } from './bed';
import { type Comparison, measured } from './result';

const COUNT = 200;

/**
 * How long this program's event loop is held up while it starts containers. The histogram holds the time between ticks of
 * a timer of 1 ms, so 1 is the least.
 */
export async function compareEventLoop(bed: Bed): Promise<Comparison> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const options = { image: IMAGE, command: ['sleep', '3600'], network: 'none' as const };
  histogram.enable();
  const begin = performance.now();
  await Promise.all(Array.from({ length: COUNT }, () => bed.engine.containers.run(options)));
  const elapsed = performance.now() - begin;
  histogram.disable();
  const summary = {
    count: histogram.count,
    min: histogram.min / 1e6,
    p50: histogram.percentile(50) / 1e6,
    p90: histogram.percentile(90) / 1e6,
    max: histogram.max / 1e6,
  };
  return {
    title: `event loop while ${COUNT} containers are started at once`,
    sides: [
      { name: 'time between ticks', unit: 'ms', summary },
      measured('containers started', '/s', [(COUNT / elapsed) * 1e3]),
    ],
    checks: [{ what: '99th percentile', value: histogram.percentile(99) / 1e6, unit: 'ms', atMost: 5 }],
  };
}
