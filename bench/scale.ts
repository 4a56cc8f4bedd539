// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import type { Container } from '../lib/containers/container';
import { type Bed, IMAGE } from './bed';
import { type Check, type Comparison, measured, type Measured, ratio } from './result';

const CONTAINERS = 20_000;
const IMAGES = 2000;
const BATCH = 2000;

type Times = Record<'create' | 'list' | 'remove', number[]>;

/** The same work in an empty store and in one with twenty thousand containers and two thousand images. */
export async function compareScale(bed: Bed, quick: boolean): Promise<Comparison> {
  const count = quick ? 50 : 200;
  const empty = await times(bed, count);
  await fill(bed, quick ? 2000 : CONTAINERS, quick ? 200 : IMAGES);
  const full = await times(bed, count);
  await bed.clear();
  const sides: Measured[] = [];
  const checks: Check[] = [];
  for (const work of ['create', 'list', 'remove'] as const) {
    const [small, large] = [measured(`${work}, empty store`, 'ms', empty[work]), measured(`${work}, full store`, 'ms', full[work])];
    sides.push(small, large);
    checks.push(ratio(`median of ${work}, full over empty`, large, small, { atMost: 1.5 }));
  }
  return { title: `${quick ? 2000 : CONTAINERS} containers and ${quick ? 200 : IMAGES} images`, sides, checks };
}

async function times(bed: Bed, count: number): Promise<Times> {
  const out: Times = { create: [], list: [], remove: [] };
  const clock = async <T>(into: number[], work: () => Promise<T>): Promise<T> => {
    const begin = performance.now();
    const result = await work();
    into.push(performance.now() - begin);
    return result;
  };
  const made: Container[] = [];
  for (let i = 0; i < count; i++) {
    const options = { image: IMAGE, network: 'none' as const, name: `scale-${i}` };
    made.push(await clock(out.create, () => bed.engine.containers.create(options)));
  }
  for (let i = 0; i < count; i++) await clock(out.list, () => bed.engine.containers.list({ all: true, filters: { name: [`^/?scale-${i}$`] } }));
  for (const container of made) await clock(out.remove, () => container.remove());
  return out;
}

async function fill(bed: Bed, containers: number, images: number): Promise<void> {
  for (let made = 0; made < containers; made += BATCH) {
    await bed.engine.containers.createMany(Array.from({ length: BATCH }, () => ({ image: IMAGE, network: 'none' as const })));
  }
  const source = await bed.engine.containers.create({ image: IMAGE, network: 'none' });
  for (let made = 0; made < images; made += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => source.commit({ reference: `scale:${made + i}` })));
  }
}
