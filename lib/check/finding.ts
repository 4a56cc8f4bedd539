// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';

export type FindingKind =
  | 'database' // SQLite finds its own file damaged
  | 'unfinished' // a killed process was making or removing it
  | 'dead supervisor'
  | 'tree without a row'
  | 'row without a tree'
  | 'unused layer' // of a pull that was interrupted
  | 'nested subvolume' // made inside a container
  | 'stray subvolume' // where this program makes none
  | 'remains' // cgroups, processes or a veth of a container that does not run
  | 'run directory'
  | 'lock file' // of liblxc
  | 'pool'
  | 'quota group' // of a subvolume that is gone
  | 'workspace'
  | 'rules'
  | 'address'
  | 'mount'
  | 'loop device';

/** What a check yields: one thing that is not as it should be, and how to mend it. */
export interface Problem {
  kind: FindingKind;
  /** What it is about: an id, a path. */
  what: string;
  detail: string;
  /** Worth knowing, but no fault: needs no mending. */
  note?: true;
  /**
   * Mends it and says what it did; undefined when there was nothing left to do. Other processes go on working
   * meanwhile, so it looks again before it touches anything. Never deletes data that a name points to.
   */
  repair?: () => Promise<string | undefined> | string | undefined;
}

/** One thing that is not as it should be, as callers see it. */
export interface Finding extends Omit<Problem, 'repair'> {
  /** How it was mended; absent when it was only looked at, needs no mending, or could not be mended. */
  repaired?: string;
  /** Why it could not be mended. */
  failed?: string;
}

/** Looks at one kind of thing in a store. */
export type Check = (context: Context) => AsyncGenerator<Problem> | Generator<Problem>;
