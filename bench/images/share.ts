// SPDX-License-Identifier: Apache-2.0
import { interleave, type Side } from '../interleave';
import { type Comparison, measured, ratio } from '../result';
import { type LayerOptions, makeLayer } from './sample-image';
import type { SampleImage, Workshop } from './workshop';

/** Pulling an image of which all layers but the last are there, beside one that is that layer alone. */
export async function compareShared(workshop: Workshop, base: SampleImage, last: LayerOptions, rounds: number): Promise<Comparison> {
  const layer = await makeLayer(workshop.directory, last);
  const changed = await workshop.imageOf('changed:1', [...base.layers.slice(0, -1), layer]);
  const single = await workshop.imageOf('single:1', [layer]);
  const pull = ({ name }: SampleImage, what: string): Side => ({
    name: what,
    run: async () => [(await workshop.time(workshop.ours.pull(name)))[0]],
    settle: () => workshop.forget(workshop.ours, name),
  });
  await workshop.time(workshop.ours.pull(base.name));
  const sides = [pull(changed, 'all layers but one are there'), pull(single, 'that layer alone')];
  const samples = await interleave(sides, { rounds, count: 1, warmUp: 0 });
  await workshop.forget(workshop.ours, base.name);
  const [shared, alone] = sides.map(({ name }, index) => measured(name, 'ms', samples[index] as number[])) as [never, never];
  return { title: 'pull of what is partly there', sides: [shared, alone], checks: [ratio('over that layer alone', shared, alone, { atMost: 1.5 })] };
}
