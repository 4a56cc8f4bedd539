// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { interleave, type Side } from '../interleave';
import { docker } from '../peers';
import { type Comparison, measured, ratio } from '../result';
import { Random } from './content';
import { type ImageTool, isOurs, toolOf } from './tools';
import type { SampleImage, Workshop } from './workshop';

const FILES = 10;
const FILE = 4096;
const OVERLAY = 'overlay2';

type LargeImage = Pick<SampleImage, 'name'>;

/**
 * Commit and push of ten changed files in a large image that the registry has: as commands, and in one Node process; beside Docker on the
 * file system of all and, as what a commit costs it depends on that, with its usual storage driver.
 */
export async function compareCommit(workshop: Workshop, image: LargeImage, rounds: number): Promise<Comparison> {
  const overlay = await dockerOnOverlay(workshop);
  const tools = [...workshop.tools.filter((tool) => isOurs(tool) || tool.name === 'Docker'), ...(overlay ? [overlay.tool] : [])];
  const random = new Random(10);
  try {
    for (const tool of tools) await workshop.time(tool.pull(image.name));
    const commands = tools.map((tool) => commitSide(workshop, tool, image, random, () => byCommands(workshop, tool, image)));
    const own = { ...commitSide(workshop, workshop.ours, image, random, () => inThisProcess(workshop, image)), name: 'dockerlite, from Node' };
    const sides = [own, ...commands];
    const samples = await interleave(sides, { rounds, count: 1 });
    for (const tool of tools) await workshop.forget(tool, image.name);
    const results = sides.map(({ name }, index) => measured(name, 'ms', samples[index] as number[]));
    const [ours, others] = [results.slice(0, 2), results.slice(2)];
    const checks = others.flatMap((other) => ours.map((one) => ratio(`${one.name}, over ${other.name}`, one, other, { atMost: 0.05 })));
    return { title: `commit and push of ${FILES} files in a large image`, sides: results, checks };
  } finally {
    await overlay?.end();
  }
}

const CONTAINER = 'bench-commit';

function changedName({ name }: LargeImage): string {
  return `${name}-changed`;
}

function wordsOf(tool: ImageTool): string[] {
  return tool.tag('', '').slice(0, -3);
}

function commitSide(workshop: Workshop, tool: ImageTool, image: LargeImage, random: Random, commit: () => Promise<number>): Side {
  const words = (...rest: string[]) => [...wordsOf(tool), ...rest];
  return {
    name: tool.name,
    run: async () => {
      await workshop.time(words('create', '--name', CONTAINER, image.name, 'true'));
      await workshop.time(words('cp', `${changes(workshop, random)}/.`, `${CONTAINER}:/`));
      return [await commit()];
    },
    settle: async () => {
      await workshop.time(words('rm', '-f', CONTAINER));
      await workshop.forget(tool, changedName(image));
    },
  };
}

async function byCommands(workshop: Workshop, tool: ImageTool, image: LargeImage): Promise<number> {
  const [committed] = await workshop.time([...wordsOf(tool), 'commit', CONTAINER, changedName(image)]);
  const [pushed] = await workshop.time(tool.push(changedName(image)));
  return committed + pushed;
}

async function inThisProcess({ bed: { engine } }: Workshop, image: LargeImage): Promise<number> {
  const begin = performance.now();
  const container = await engine.containers.get(CONTAINER);
  await container.commit({ reference: changedName(image) });
  await engine.images.push(changedName(image)).result;
  return performance.now() - begin;
}

/** Where the directory for temporary files is on a file system that it works on. */
async function dockerOnOverlay({ bed }: Workshop): Promise<{ tool: ImageTool; end(): Promise<void> } | undefined> {
  const peer = docker(bed, OVERLAY);
  if (peer === undefined) return undefined;
  const end = await peer.begin();
  const [program, ...options] = peer.command as [string, ...string[]];
  if (spawnSync(program, [...options, 'version'], { stdio: 'ignore' }).status === 0) return { tool: toolOf(peer), end };
  await end();
  return undefined;
}

/** A directory of files that nobody has had before. */
function changes({ directory }: Workshop, random: Random): string {
  const path = join(directory, 'changes');
  mkdirSync(path, { recursive: true });
  for (let i = 0; i < FILES; i++) writeFileSync(join(path, `changed${i}`), random.bytes(FILE));
  return path;
}
