// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { interleave, type Side } from '../interleave';
import { type Comparison, measured, ratio } from '../result';
import { Random } from './content';
import type { ImageTool } from './tools';
import type { SampleImage, Workshop } from './workshop';

const FILES = 10;
const FILE = 4096;

/** Commit and push of ten changed files in a large image that the registry has. */
export async function compareCommit(workshop: Workshop, image: Pick<SampleImage, 'name'>, rounds: number): Promise<Comparison> {
  const tools = workshop.tools.filter(({ name }) => name === 'dockerlite' || name === 'Docker');
  const random = new Random(10);
  for (const tool of tools) await workshop.time(tool.pull(image.name));
  const sides = tools.map((tool) => commitSide(workshop, tool, image, random));
  const samples = await interleave(sides, { rounds, count: 1 });
  for (const tool of tools) await workshop.forget(tool, image.name);
  const results = sides.map(({ name }, index) => measured(name, 'ms', samples[index] as number[]));
  const [ours, docker] = results;
  const checks = ours && docker ? [ratio("ours over Docker's", ours, docker, { atMost: 0.05 })] : [];
  return { title: `commit and push of ${FILES} files in a large image`, sides: results, checks };
}

function commitSide(workshop: Workshop, tool: ImageTool, image: Pick<SampleImage, 'name'>, random: Random): Side {
  const [container, name] = ['bench-commit', `${image.name}-changed`];
  const words = (...rest: string[]) => [...tool.tag('', '').slice(0, -3), ...rest];
  return {
    name: tool.name,
    run: async () => {
      await workshop.time(words('create', '--name', container, image.name, 'true'));
      await workshop.time(words('cp', `${changes(workshop, random)}/.`, `${container}:/`));
      const [committed] = await workshop.time(words('commit', container, name));
      const [pushed] = await workshop.time(tool.push(name));
      return [committed + pushed];
    },
    settle: async () => {
      await workshop.time(words('rm', '-f', container));
      await workshop.forget(tool, name);
    },
  };
}

/** A directory of files that nobody has had before. */
function changes({ directory }: Workshop, random: Random): string {
  const path = join(directory, 'changes');
  mkdirSync(path, { recursive: true });
  for (let i = 0; i < FILES; i++) writeFileSync(join(path, `changed${i}`), random.bytes(FILE));
  return path;
}
