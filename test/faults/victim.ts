// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '../../lib/containers/container';
import type { TestEngine } from '../helpers/engine';

/** More calls than there are. */
export const NONE = 1000;

/**
 * A process of its own works on a container, with `engine` and `container`, and is killed at its n-th call outwards. Returns how many calls
 * there were if there were fewer, otherwise 0.
 */
export async function runVictim(test: TestEngine, { id }: Container, n: number, script: string): Promise<number> {
  const program = join(test.loop.directory, 'victim.js');
  writeFileSync(
    program,
    `const { Boundary } = require(${JSON.stringify(require.resolve('./boundary'))});
     const fs = require('node:fs');
     const { Engine } = require(${JSON.stringify(require.resolve('../../lib/engine'))});
     const main = process;
     (async () => {
       const engine = await Engine.open({ root: ${JSON.stringify(test.root)}, pool: 0 });
       const container = await engine.containers.get('${id}');
       const boundary = new Boundary();
       await boundary.kill(Number(main.argv[2]), async () => { ${script} });
       main.send(boundary.calls, () => main.exit());
     })();`,
  );
  const child = fork(program, [String(n)]);
  let calls = 0;
  child.on('message', (count) => (calls = Number(count)));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  assert.ok(code === 0 || signal === 'SIGKILL', `exit code ${code}`);
  return calls;
}

/** Every so many calls the victim is killed at one, otherwise at a few of them. */
const EVERY = Number(process.env['DOCKERLITE_FAULTS_EVERY'] ?? 0);
const SAMPLES = 4;

/** For a suite in which it is killed at each of these, one after another. */
export const TIMEOUT = EVERY > 0 ? 0 : 60_000;

export function chosenCalls(calls: number): number[] {
  if (EVERY > 0) return Array.from({ length: Math.ceil(calls / EVERY) }, (_, i) => 1 + i * EVERY);
  return Array.from({ length: SAMPLES }, () => randomInt(1, calls + 1));
}
