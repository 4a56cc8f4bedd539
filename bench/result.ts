// SPDX-License-Identifier: Apache-2.0
import { type Summary, summarise } from './stats';

export type Unit = 'ms' | '/s' | 'KiB' | 'x';

/** One side of a comparison. */
export interface Measured {
  name: string;
  unit: Unit;
  summary: Summary;
}

/** A figure and what it should be. */
export interface Check {
  what: string;
  value: number;
  unit: Unit;
  atMost?: number;
  atLeast?: number;
}

export interface Comparison {
  title: string;
  sides: Measured[];
  checks: Check[];
}

/** Points of a curve, for the plot. */
export interface Series {
  name: string;
  points: [x: number, y: number][];
}

export interface Report {
  conditions: Record<string, string>;
  comparisons: Comparison[];
  /** Snapshots a second over the size of the batch. */
  batchCurve: Series[];
  seconds: number;
}

export function measured(name: string, unit: Unit, samples: readonly number[]): Measured {
  return { name, unit, summary: summarise(samples) };
}

/** The median of one side over that of another. */
export function ratio(what: string, of: Measured, to: Measured, limit: Pick<Check, 'atMost' | 'atLeast'>): Check {
  return { what, value: of.summary.p50 / to.summary.p50, unit: 'x', ...limit };
}

export function isMet({ value, atMost, atLeast }: Check): boolean {
  return (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
}
