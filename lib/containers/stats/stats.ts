// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../../context';
import { egressCounters } from '../egress';
import { type ContainerRow, containerById } from '../record';
import { settle, settleRow } from '../settle';
import { takeSample } from './sample';
import type { ContainerStats } from './types';

export interface StatsOptions {
  /** Go on, a sample a second; default true. Without it one sample, after a second of looking at the processors. */
  stream?: boolean;
  /** With `stream: false`: do not wait for the second; `precpu_stats` is empty. */
  oneShot?: boolean;
  /** Ends the iteration. */
  signal?: AbortSignal;
}

export interface AllStatsOptions extends StatsOptions {
  /** Also of containers that do not run. */
  all?: boolean;
  /** Only of those with these ids; they may have ended, or be gone later. */
  ids?: readonly string[];
}

const PERIOD_MS = 1000;

/** One container, until it is removed. */
export async function* containerStats(context: Context, row: ContainerRow, options: StatsOptions): AsyncGenerator<ContainerStats> {
  for await (const [stats] of allStats(context, { ...options, ids: [row.id] })) {
    if (stats === undefined) return;
    yield stats;
  }
}

/** Of many containers together, each time one sample of each, newest container first. */
export async function* allStats(context: Context, options: AllStatsOptions): AsyncGenerator<ContainerStats[]> {
  const { stream = true, oneShot = false, signal } = options;
  let before = new Map<string, ContainerStats>();
  for (let round = 0; signal?.aborted !== true; round++) {
    const rows = await select(context, options);
    const samples = await Promise.all(rows.map(async (row) => ({ ...(await takeSample(row, before.get(row.id))), ...(await egressStats(context, row)) })));
    before = new Map(samples.map((sample) => [sample.id, sample]));
    const comparable = round > 0 || samples.every(({ cpu_stats }) => cpu_stats.online_cpus === 0);
    if (stream || oneShot || comparable) yield samples;
    if (!stream && (oneShot || comparable)) return;
    await delay(PERIOD_MS, undefined, signal && { signal }).catch(() => undefined);
  }
}

async function egressStats(context: Context, row: ContainerRow): Promise<Pick<ContainerStats, 'egress_stats'>> {
  const denied = await egressCounters(context, row);
  return denied === undefined ? {} : { egress_stats: { denied_packets: denied.packets, denied_bytes: denied.bytes, denied_names: denied.names } };
}

/** As they are now. */
async function select(context: Context, { all = false, ids }: AllStatsOptions): Promise<ContainerRow[]> {
  const { store } = context;
  if (ids !== undefined) {
    const rows = await Promise.all(ids.map(async (id) => {
      const row = containerById(store, id);
      return row && settleRow(store, row);
    }));
    return rows.filter((row) => row !== undefined);
  }
  await settle(context);
  const states = all ? "state NOT IN ('creating', 'removing')" : "state IN ('starting', 'running', 'paused')";
  return store.db.all<ContainerRow>(`SELECT * FROM containers WHERE ${states} ORDER BY created DESC, id`);
}
