// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import { DockerliteError } from '../lib/errors';
import { Bed } from './bed';
import { compareCli } from './cli';
import { conditions } from './conditions';
import { compareDensity } from './density';
import { compareEventLoop } from './event-loop';
import { compareExec } from './exec';
import { untilIdle } from './idle';
import { IMAGE_PARTS, type ImagePart, ImageParts } from './images/parts';
import { compareIsolation } from './isolation';
import { compareLifecycle } from './lifecycle';
import { compareMemory } from './memory';
import { comparePorts } from './ports';
import type { Comparison, Report, Series } from './result';
import { compareScale } from './scale';
import { compareSnapshots } from './snapshots';

export const USUAL = ['snapshots', 'lifecycle', 'exec', 'memory', 'isolation', 'event-loop', 'cli'] as const;
/** The others fill the machine, and take minutes. */
export const PARTS = [...USUAL, 'ports', 'density', 'scale', ...IMAGE_PARTS] as const;
/** Names of several. */
export const GROUPS: Record<string, readonly Part[]> = { images: IMAGE_PARTS };
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  /** Where to make the store; default: a directory of its own below the system's for temporary files. */
  root?: string;
  /** Fewer rounds. */
  quick?: boolean;
  /** Default: all that take seconds. */
  parts?: Part[];
  /** MB of the image that the parts about images move; default 300. */
  imageSize?: number;
  /** Told what is being measured. */
  onPart?(part: Part): void;
}

/** Runs the benchmarks in a store of their own, which is gone afterwards. */
export async function runBenchmarks(options: BenchOptions): Promise<Report> {
  const begin = performance.now();
  const bed = await Bed.make(options.root);
  const images = new ImageParts(bed, { quick: options.quick === true, size: options.imageSize });
  try {
    const report: Report = { conditions: await conditions(bed), comparisons: [], batchCurve: [], seconds: 0 };
    for (const part of options.parts ?? USUAL) {
      options.onPart?.(part);
      await untilIdle(10_000);
      const { comparisons, curve }: Measurements = isImagePart(part) ? { comparisons: await images.run(part) } : await runPart(bed, part, options.quick === true);
      report.comparisons.push(...comparisons);
      if (curve) report.batchCurve = curve;
      await bed.clear();
    }
    report.seconds = (performance.now() - begin) / 1e3;
    return report;
  } finally {
    await images.close();
    await bed.remove();
  }
}

interface Measurements {
  comparisons: Comparison[];
  curve?: Series[];
}

function isImagePart(part: Part): part is ImagePart {
  return IMAGE_PARTS.includes(part as ImagePart);
}

async function runPart(bed: Bed, part: Exclude<Part, ImagePart>, quick: boolean): Promise<Measurements> {
  switch (part) {
    case 'snapshots':
      return compareSnapshots(bed, quick);
    case 'lifecycle':
      return { comparisons: await compareLifecycle(bed, quick) };
    case 'exec':
      return { comparisons: [await compareExec(bed, quick)] };
    case 'memory':
      return { comparisons: [await compareMemory(bed)] };
    case 'isolation':
      return { comparisons: [await compareIsolation(bed, quick)] };
    case 'ports':
      return { comparisons: await comparePorts(bed, quick) };
    case 'event-loop':
      return { comparisons: [await compareEventLoop(bed)] };
    case 'cli':
      return { comparisons: [await compareCli(bed, quick)] };
    case 'density':
      return { comparisons: await compareDensity(bed, quick) };
    case 'scale':
      return { comparisons: [await compareScale(bed, quick)] };
  }
}

export function parseParts(words: readonly string[]): Part[] | undefined {
  if (words.length === 0) return undefined;
  const parts = words.flatMap((word): readonly string[] => GROUPS[word] ?? [word]);
  const unknown = parts.find((word) => !PARTS.includes(word as Part));
  if (unknown !== undefined) throw new DockerliteError('E_INVALID', `no benchmark is called ${unknown}`, { hint: `there are ${[...Object.keys(GROUPS), ...PARTS].join(', ')}` });
  return [...new Set(parts as Part[])];
}
