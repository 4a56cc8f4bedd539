// SPDX-License-Identifier: Apache-2.0
import type { ContainerOptions } from '../lib/containers/spec';
import type { Bed } from './bed';
import { interleave } from './interleave';
import { type Comparison, measured, ratio } from './result';
import { starts } from './starts';

/** Nothing that keeps a container apart but its namespaces and its root. */
const OFF: ContainerOptions['isolation'] = {
  userns: 'host',
  seccomp: 'unconfined',
  apparmor: 'unconfined',
  systemPathsUnconfined: true,
  capAdd: ['ALL'],
};

/** What it costs to be confined as every container is by default: own user ids, mapped files, seccomp, capabilities, masks. */
export async function compareIsolation(bed: Bed, quick: boolean): Promise<Comparison> {
  const sides = [starts(bed, 'all of it off', { network: 'none', isolation: OFF }), starts(bed, 'the default', { network: 'none' })];
  const samples = await interleave(sides, { rounds: quick ? 3 : 12, count: 20 });
  const [off, on] = sides.map(({ name }, i) => measured(name, 'ms', samples[i] as number[])) as [never, never];
  return { title: 'isolation: from start to exec of the command', sides: [off, on], checks: [ratio('median, the default over off', on, off, { atMost: 1.1 })] };
}
