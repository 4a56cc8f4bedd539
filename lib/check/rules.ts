// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { NftElement } from '../binding/types';
import { elementsInUse, tablesOf } from '../containers/network-state';
import type { Context } from '../context';
import { changedChains, hasTables, installTables, missingElements, removeElements, restoreElements, type Tables } from '../network/tables';
import type { Store } from '../store/store';
import type { Problem } from './finding';

/** The store's nftables, which somebody may have flushed, all or some of it, while containers run. */
export async function* checkRules({ store }: Context): AsyncGenerator<Problem> {
  const tables = tablesOf(store);
  if (await hasTables(tables.name)) {
    yield* changedRules(tables);
    yield* lostElements(store, tables);
  } else if (isUsed(store)) {
    yield missingTables(tables);
  }
}

function isUsed({ db }: Store): boolean {
  return db.get(`SELECT 1 FROM addresses JOIN containers ON containers.id = container_id WHERE state IN ('running', 'paused')`) !== undefined;
}

function missingTables(tables: Tables): Problem {
  return {
    kind: 'rules',
    what: tables.name,
    detail: 'missing from nftables: containers are not kept apart, and no ports are published',
    repair: async () => {
      await installTables(tables);
      return 'written';
    },
  };
}

async function* changedRules(tables: Tables): AsyncGenerator<Problem> {
  const chains = await changedChains(tables.name);
  if (chains.length === 0) return;
  yield {
    kind: 'rules',
    what: tables.name,
    detail: `not the rules that belong there: ${chains.join(', ')}`,
    repair: async () => {
      await installTables(tables);
      return 'written';
    },
  };
}

async function* lostElements(store: Store, tables: Tables): AsyncGenerator<Problem> {
  const lost = await lastingLosses(store);
  if (lost.length === 0) return;
  const sets = [...new Set(lost.map(({ family, set }) => `${family} ${set}`))].sort();
  yield {
    kind: 'rules',
    what: tables.name,
    detail: `${lost.length} elements are missing from ${sets.join(', ')}`,
    repair: async () => {
      const missing = await missingElements(await elementsInUse(store));
      if (missing.length === 0) return undefined;
      await restoreElements(missing);
      // A container that has ended meanwhile has taken away its own before they were put back.
      await removeElements(except(missing, await tables.everything()));
      return 'put back';
    },
  };
}

/** A container that is just starting or ending, or joining or leaving a network, lacks some for a moment. */
async function lastingLosses(store: Store): Promise<NftElement[]> {
  let lost = await missingElements(await elementsInUse(store));
  for (let attempt = 0; attempt < 10 && lost.length > 0; attempt++) {
    await delay(10);
    const now = await missingElements(await elementsInUse(store));
    lost = except(lost, except(lost, now));
  }
  return lost;
}

function except(elements: NftElement[], others: NftElement[]): NftElement[] {
  const name = ({ family, set, key }: NftElement) => `${family} ${set} ${key.toString('hex')}`;
  const names = new Set(others.map(name));
  return elements.filter((each) => !names.has(name(each)));
}
