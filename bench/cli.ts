// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bed, IMAGE } from './bed';
import { interleave } from './interleave';
import { Reference } from './reference';
import { type Comparison, measured, ratio } from './result';

const BARE = 'node -e 0 without NODE_EXTRA_CA_CERTS';

/** Whole commands, beside what Node itself takes to start and end. */
export async function compareCli(bed: Bed, quick: boolean): Promise<Comparison> {
  const program = cliPath();
  const commands: [name: string, argv: string[], atMost?: number][] = [
    ['node -e 0', [process.execPath, '-e', '0']],
    ['dockerlite run --rm --network none', [program, 'run', '--rm', '--network', 'none', IMAGE, 'true'], 1.6],
    ['dockerlite ps', [program, 'ps'], 1.3],
    ['dockerlite --help', [program, '--help'], 1.3],
  ];
  // Half of Node's start where it is set: dockerlite leaves it to the commands that have a use for it.
  if (process.env['NODE_EXTRA_CA_CERTS']) commands.push([BARE, ['/usr/bin/env', '-u', 'NODE_EXTRA_CA_CERTS', process.execPath, '-e', '0']]);
  const env = { ...process.env, DOCKERLITE_ROOT: bed.store.root };
  const references = commands.map(([, argv]) => Reference.start(bed.directory, 'command', ['0', ...argv], env));
  try {
    const sides = commands.map(([name], i) => ({ name, run: (count: number) => (references[i] as Reference).numbers(`run ${count}`) }));
    const samples = await interleave(sides, { rounds: quick ? 4 : 12, count: 4 });
    const results = sides.map(({ name }, i) => measured(name, 'ms', samples[i] as number[]));
    const [node, ...others] = results;
    const checks = others.flatMap((side, i) => {
      const atMost = commands[i + 1]?.[2];
      return atMost === undefined ? [] : [ratio(`median of ${side.name.split(' ')[1]} over node`, side, node as never, { atMost })];
    });
    const bare = others.find(({ name }) => name === BARE);
    if (bare !== undefined) for (const side of others.slice(0, -1)) checks.push(ratio(`${side.name.split(' ')[1]} over node without certificates`, side, bare, {}));
    return { title: 'commands, from start to exit', sides: results, checks };
  } finally {
    for (const reference of references) reference.close();
  }
}

/** Times of one command of ours, in ms. */
export async function commandTimes(bed: Bed, words: string[], quick: boolean): Promise<number[]> {
  const reference = Reference.start(bed.directory, 'command', ['0', cliPath(), ...words], { ...process.env, DOCKERLITE_ROOT: bed.store.root });
  try {
    await reference.numbers('run 2');
    return await reference.numbers(`run ${quick ? 8 : 20}`);
  } finally {
    reference.close();
  }
}

/** This file may be compiled to dist/ or be part of a bundle, at another depth. */
export function cliPath(): string {
  for (let path = __dirname; path !== '/'; path = dirname(path)) {
    const program = join(path, 'bin/dockerlite.js');
    if (existsSync(program)) return program;
  }
  throw new Error('bin/dockerlite.js is missing');
}
