// SPDX-License-Identifier: Apache-2.0
import { tablesOf } from '../containers/network-state';
import type { Context } from '../context';
import { hasTables, installTables } from '../network/tables';
import type { Problem } from './finding';

/** The store's nftables, which somebody may have flushed while containers run. */
export async function* checkRules({ store }: Context): AsyncGenerator<Problem> {
  const used = store.db.get(`SELECT 1 FROM addresses JOIN containers ON containers.id = container_id WHERE state IN ('running', 'paused')`);
  const tables = tablesOf(store);
  if (used === undefined || (await hasTables(tables.name))) return;
  yield {
    kind: 'rules',
    what: tables.name,
    detail: 'missing from nftables: containers are not kept apart, and no ports are published',
    repair: async () => {
      await installTables(tables);
      return 'written';
    },
  };
}
