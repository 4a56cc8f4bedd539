// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { releaseNetworking } from '../network/release';
import { shortId } from '../util/id';
import type { Problem } from './finding';

const STALE = `SELECT DISTINCT container_id FROM addresses LEFT JOIN containers ON containers.id = addresses.container_id
  WHERE (containers.id IS NULL OR (fixed = 0 AND containers.state IN ('created', 'exited')))`;

/** Addresses held by containers that are gone or do not run. */
export function* checkAddresses({ store }: Context): Generator<Problem> {
  for (const { container_id: id } of store.db.all<{ container_id: string }>(STALE)) {
    yield {
      kind: 'address',
      what: `container ${shortId(id)}`,
      detail: 'holds an address without running',
      repair: () =>
        store.db.transaction(() => {
          if (store.db.get(`${STALE} AND container_id = ?`, id) === undefined) return undefined;
          releaseNetworking(store.db, id);
          return 'released';
        }),
    };
  }
}
