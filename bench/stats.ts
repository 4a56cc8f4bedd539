// SPDX-License-Identifier: Apache-2.0

export interface Summary {
  count: number;
  min: number;
  p50: number;
  p90: number;
  max: number;
}

/** Between the two nearest samples, in proportion. `sorted` ascends and is not empty. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) throw new RangeError('no samples');
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (position - below);
}

export function summarise(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (q: number) => quantile(sorted, q);
  return { count: sorted.length, min: at(0), p50: at(0.5), p90: at(0.9), max: at(1) };
}

export function median(samples: readonly number[]): number {
  return summarise(samples).p50;
}
