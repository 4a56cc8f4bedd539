// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import * as btrfs from '../lib/binding/btrfs';
import type { Bed } from './bed';
import { IMAGE } from './bed';
import { interleave, type Side } from './interleave';
import { Reference } from './reference';
import { type Comparison, measured, ratio, type Series } from './result';
import { median } from './stats';

const THREADS = 64;

/** Rates, in snapshots a second, of rounds of snapshots. Each has a parent directory of its own, made by the side. */
class SnapshotSides {
  private readonly reference: Reference;

  constructor(private readonly bed: Bed) {
    this.reference = Reference.start(bed.directory, 'snapshots', [bed.source]);
  }

  c(threads: number): Side {
    const directory = this.bed.scratch(`c-${threads}`);
    return {
      name: threads === 1 ? 'C loop' : `C, ${threads} threads`,
      run: async (count) => [(count / Number(await this.reference.ask(`make ${directory} ${count} ${threads}`))) * 1e3],
      settle: () => this.clear(directory),
    };
  }

  nodeOneByOne(): Side {
    return this.node('Node', async (directory, count) => {
      for (let i = 0; i < count; i++) {
        mkdirSync(`${directory}/${i}`);
        await btrfs.snapshotCreate(this.bed.source, `${directory}/${i}`, 'rootfs', false);
      }
    });
  }

  nodeBatch(): Side {
    return this.node('Node, one batch', async (directory, count) => {
      const requests = Array.from({ length: count }, (_, i) => ({ source: this.bed.source, parent: `${directory}/${i}`, name: 'rootfs' }));
      const failure = (await btrfs.snapshotBatch(requests, THREADS)).find((answer) => answer !== null);
      if (failure) throw failure;
    });
  }

  /** Whole containers, rows in the database included. */
  containers(): Side {
    const { engine } = this.bed;
    let made: Awaited<ReturnType<typeof engine.containers.createMany>> = [];
    return {
      name: 'Node, containers.createMany',
      run: async (count) => {
        const options = Array.from({ length: count }, () => ({ image: IMAGE, network: 'none' as const }));
        const begin = performance.now();
        made = await engine.containers.createMany(options);
        return [(count / (performance.now() - begin)) * 1e3];
      },
      settle: async () => {
        for (const container of made) await container.remove();
        await this.clear(this.bed.scratch('nothing'));
      },
    };
  }

  close(): void {
    this.reference.close();
  }

  private node(name: string, make: (directory: string, count: number) => Promise<void>): Side {
    const directory = this.bed.scratch(name.replace(/\W+/g, '-'));
    return {
      name,
      run: async (count) => {
        const begin = performance.now();
        await make(directory, count);
        return [(count / (performance.now() - begin)) * 1e3];
      },
      settle: () => this.clear(directory),
    };
  }

  private async clear(directory: string): Promise<void> {
    await this.reference.ask(`clear ${directory}`);
  }
}

export async function compareSnapshots(bed: Bed, quick: boolean): Promise<{ comparisons: Comparison[]; curve: Series[] }> {
  const sides = new SnapshotSides(bed);
  try {
    return {
      comparisons: [await oneByOne(sides, quick), await batch(sides, quick)],
      curve: await curve(sides, quick),
    };
  } finally {
    sides.close();
  }
}

async function oneByOne(sides: SnapshotSides, quick: boolean): Promise<Comparison> {
  const both = [sides.c(1), sides.nodeOneByOne()];
  const samples = await interleave(both, { rounds: quick ? 4 : 12, count: 50 });
  const [c, node] = both.map((side, i) => measured(side.name, '/s', samples[i] as number[])) as [never, never];
  return {
    title: 'snapshots, one at a time',
    sides: [c, node],
    checks: [ratio('rate of Node over C', node, c, { atLeast: 0.9 })],
  };
}

async function batch(sides: SnapshotSides, quick: boolean): Promise<Comparison> {
  const all = [sides.c(THREADS), sides.nodeBatch(), sides.containers()];
  const samples = await interleave(all, { rounds: quick ? 3 : 7, count: 2000, warmUp: 200 });
  const [c, node, containers] = all.map((side, i) => measured(side.name, '/s', samples[i] as number[])) as [never, never, never];
  return {
    title: 'snapshots, batch of 2,000',
    sides: [c, node, containers],
    checks: [ratio('rate of Node over C', node, c, { atLeast: 0.85 })],
  };
}

async function curve(sides: SnapshotSides, quick: boolean): Promise<Series[]> {
  const both = [sides.nodeBatch(), sides.c(THREADS)];
  const series: Series[] = both.map(({ name }) => ({ name, points: [] }));
  const sizes = quick ? [1, 8, 64, 512] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 2000];
  for (const count of sizes) {
    const samples = await interleave(both, { rounds: quick ? 3 : count < 100 ? 7 : 3, count, warmUp: 0 });
    series.forEach(({ points }, i) => points.push([count, median(samples[i] as number[])]));
  }
  return series;
}
