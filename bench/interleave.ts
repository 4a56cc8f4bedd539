// SPDX-License-Identifier: Apache-2.0
import { untilIdle } from './idle';

/** One of the things that are compared: does its work `count` times and returns a sample of each, or of the round. */
export interface Side {
  name: string;
  run(count: number): Promise<number[]>;
  /** After each round, not measured: takes away what the round left. */
  settle?(): Promise<void>;
}

export interface Rounds {
  rounds: number;
  /** Passed to `run` each round. */
  count: number;
  /** Passed to `run` once before, its samples thrown away; default `count`, 0 for none. */
  warmUp?: number;
}

/**
 * Runs the sides in turn, A B B A A B …: whatever the machine does meanwhile — clocks, caches, other people's work — meets
 * them alike. What one leaves to the kernel, removed trees and namespaces to take apart, is not the next one's burden: that
 * begins when the processors are idle. Returns each side's samples.
 */
export async function interleave(sides: readonly Side[], { rounds, count, warmUp = count }: Rounds): Promise<number[][]> {
  const samples: number[][] = sides.map(() => []);
  const turn = async (side: Side, size: number) => {
    const times = await side.run(size);
    await side.settle?.();
    await untilIdle();
    return times;
  };
  if (warmUp > 0) for (const side of sides) await turn(side, warmUp);
  for (let round = 0; round < rounds; round++) {
    const order = [...sides.keys()];
    if (round % 2 === 1) order.reverse();
    for (const index of order) samples[index]?.push(...(await turn(sides[index] as Side, count)));
  }
  return samples;
}
