// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { interleave, type Side } from '../interleave';
import { Reference } from '../reference';
import { type Check, type Comparison, measured, type Measured, ratio } from '../result';
import { type ImageTool, isOurs } from './tools';
import type { SampleImage, Workshop } from './workshop';

export type Operation = 'pull' | 'load' | 'push' | 'save';

/** Times faster than the best of the others, or times the limit: one of them is wanted. */
const FASTER = 2;
const LIMIT = 1.3;
/** KiB */
const RESIDENT = 150 * 1024;

/** One operation on one image by everybody; beside pull and load, bare extraction, beside push bare uploads. */
export async function compareOperation(workshop: Workshop, operation: Operation, image: SampleImage, rounds: number): Promise<Comparison> {
  const needsImage = operation === 'push' || operation === 'save';
  if (needsImage) for (const tool of workshop.tools) await prepare(workshop, tool, image);
  const residents: number[] = [];
  const sides = workshop.tools.map((tool) => toolSide(workshop, tool, operation, image, residents));
  const extraction = needsImage ? undefined : Reference.start(workshop.bed.directory, 'extract', [workshop.bed.source, workshop.bed.scratch('extract')]);
  const synced: number[] = [];
  const uploads = operation === 'push' ? Reference.start(workshop.bed.directory, 'upload', []) : undefined;
  if (uploads !== undefined) sides.push(uploadSide(workshop, uploads, image));
  if (extraction !== undefined) sides.push(extractionSide('C, tars', extraction, image.layers.map(({ tar }) => tar), synced), extractionSide('C, compressed', extraction, image.layers.map(({ compressed }) => compressed), []));
  try {
    const samples = await interleave(sides, { rounds, count: 1, warmUp: 0 });
    const results = sides.map(({ name }, index) => measured(name, 'ms', samples[index] as number[]));
    const limit = extraction || uploads ? results[workshop.tools.length] : undefined;
    const extra = extraction === undefined ? [] : [measured('C, tars, and sync', 'ms', synced)];
    const checks = targets(results.slice(0, workshop.tools.length), limit);
    if (operation === 'pull') checks.push({ what: 'memory of a pull, largest', value: Math.max(...residents), unit: 'KiB', atMost: RESIDENT });
    return { title: `${operation}, ${image.layers.length} layers`, sides: [...results, ...extra], checks };
  } finally {
    extraction?.close();
    uploads?.close();
    if (needsImage) for (const tool of workshop.tools) for (const name of [image.name, pushedName(workshop, image)]) await workshop.forget(tool, name);
  }
}

async function prepare(workshop: Workshop, tool: ImageTool, image: SampleImage): Promise<void> {
  await workshop.time(tool.load(image.archive, image.name));
  await workshop.time(tool.tag(image.name, pushedName(workshop, image)));
  await workshop.rest();
}

function pushedName({ origin, target }: Workshop, { name }: SampleImage): string {
  return name.replace(origin.host, target.host);
}

function toolSide(workshop: Workshop, tool: ImageTool, operation: Operation, image: SampleImage, residents: number[]): Side {
  const file = join(workshop.directory, 'written.tar');
  const commands = {
    pull: tool.pull(image.name),
    load: tool.load(image.archive, image.name),
    push: tool.push(pushedName(workshop, image)),
    save: tool.save(image.name, file),
  };
  return {
    name: tool.name,
    run: async () => {
      const [ms, resident] = await workshop.time(commands[operation]);
      if (isOurs(tool)) residents.push(resident);
      return [ms];
    },
    settle: async () => {
      if (operation === 'pull' || operation === 'load') return workshop.forget(tool, image.name);
      workshop.target.clear();
      rmSync(file, { force: true });
      await workshop.rest();
    },
  };
}

function extractionSide(name: string, extraction: Reference, archives: readonly string[], synced: number[]): Side {
  return {
    name,
    run: async () => {
      const [plain, onDisk] = (await extraction.numbers(archives.join('\t'))) as [number, number];
      synced.push(onDisk);
      return [plain];
    },
  };
}

/** The layers as requests that are nothing else: what a registry takes for them. */
function uploadSide(workshop: Workshop, uploads: Reference, { layers }: SampleImage): Side {
  const blobs = layers.flatMap(({ digest, compressed }) => [digest, compressed]);
  return {
    name: 'C, bare uploads',
    run: () => uploads.numbers([workshop.target.port, 'bench/bare', ...blobs].join('\t')),
    settle: async () => {
      workshop.target.clear();
      await workshop.rest();
    },
  };
}

/** The ratio whose target is met has it; where neither is, the one to the others. */
function targets(tools: readonly Measured[], limit: Measured | undefined): Check[] {
  const [ours, ...others] = tools as [Measured, ...Measured[]];
  const overLimit = limit && ratio(`over ${limit.name}`, ours, limit, {});
  const best = others.sort((a, b) => a.summary.p50 - b.summary.p50)[0];
  const faster = best && ratio(`${best.name}, the best other, over ours`, best, ours, {});
  const isNearLimit = overLimit !== undefined && overLimit.value <= LIMIT;
  const isFaster = faster !== undefined && faster.value >= FASTER;
  const checks: Check[] = [];
  if (faster !== undefined) checks.push({ ...faster, ...((isFaster || !isNearLimit) && { atLeast: FASTER }) });
  if (overLimit !== undefined) checks.push({ ...overLimit, ...(((isNearLimit && !isFaster) || faster === undefined) && { atMost: LIMIT }) });
  return checks;
}
