// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { existing } from '../binding/btrfs';
import { Layout } from '../store/layout';
import type { Store } from '../store/store';
import { exitCodeOf, readExitRecord } from './exit-record';
import type { HealthState } from './healthcheck';
import type { ContainerRow } from './record';

/** What a supervisor writes of a container with a restart policy or a health check, or that has been paused; see docs/architecture.md. */
interface LiveState {
  /** 0 between two runs. */
  pid: number;
  /** ns since the epoch. */
  startedAt: string;
  restarting: boolean;
  paused: boolean;
  restartCount: number;
  /** Of the last run, as waitpid(2) gives it; only between two runs. */
  status?: number;
  finishedAt?: string;
  oomKilled?: boolean;
  health?: HealthState;
}

/** A row and what its supervisor knows better: it changes while no process of the library looks. */
export type LiveRow<Row = ContainerRow> = Row & { restartCount?: number; health?: HealthState };
type StateColumns = Pick<ContainerRow, 'id' | 'state' | 'pid' | 'started' | 'finished' | 'exit_code'>;

/** The same of many rows: a thousand may run. */
export function withLiveStates<Row extends StateColumns>(store: Pick<Store, 'layout'>, rows: readonly Row[]): LiveRow<Row>[] {
  const running = rows.filter(runs);
  const there = running.length === 0 ? [] : existing(store.layout.run, running.map(({ id }) => id), Layout.runStateName);
  const states = new Set(running.filter((_, i) => there[i] === 1));
  return states.size === 0 ? [...rows] : rows.map((row) => (states.has(row) ? withLiveState(store, row) : row));
}

/** A look for a file, for most containers that run, and for the others that small file, in memory. */
export function withLiveState<Row extends StateColumns>(store: Pick<Store, 'layout'>, row: Row): LiveRow<Row> {
  const state = runs(row) ? read(store.layout.runState(row.id)) : undefined;
  if (state === undefined) return row;
  const { pid, restartCount, health } = state;
  const live = { ...row, pid, restartCount, ...(health && { health }), started: state.startedAt };
  if (!state.restarting) return { ...live, state: state.paused ? 'paused' : 'running' };
  return {
    ...live,
    state: 'restarting',
    finished: state.finishedAt ?? '',
    exit_code: exitCodeOf(state.status ?? 0),
    oom_killed: state.oomKilled === true ? 1 : 0,
  };
}

function runs({ state }: StateColumns): boolean {
  return state === 'running' || state === 'paused';
}

/** The same of a container that has ended, from the record of its exit. */
export function withLastState<Row extends ContainerRow>(store: Pick<Store, 'layout'>, row: Row): Row & LiveRow {
  if (row.state !== 'exited' || !hasLiveState(row)) return row;
  const { restartCount, health } = readExitRecord(store, row.id) ?? {};
  return { ...row, ...(restartCount !== undefined && { restartCount }), ...(health && { health }) };
}

/** By the text of its specification, which need not be parsed for this: a label that looks alike costs a look for a file. */
function hasLiveState({ spec }: ContainerRow): boolean {
  return spec.includes('"restart":') || spec.includes('"healthcheck":');
}

function read(path: string): LiveState | undefined {
  if (!existsSync(path)) return undefined; // much cheaper than an error
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LiveState;
  } catch {
    return undefined; // not written yet, or its supervisor is just going
  }
}
