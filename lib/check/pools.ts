// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { isUnfinished } from '../store/snapshot-pool';
import { shortId } from '../util/id';
import type { Problem } from './finding';
import { list } from './list';

/** Ready snapshots of images that are gone, and those that a killed process was making. */
export function* checkPools({ store, pool }: Context): Generator<Problem> {
  for (const id of list(store.layout.pool)) {
    const what = `pool of image ${shortId(id)}`;
    if (store.db.get("SELECT 1 FROM images WHERE id = ? AND state = 'ready'", id) === undefined) {
      const repair = async () => {
        await pool.drain(id);
        return 'removed';
      };
      yield { kind: 'pool', what, detail: 'its image is gone', repair };
      continue;
    }
    const dead = list(store.layout.imagePool(id)).filter(isUnfinished);
    if (dead.length === 0) continue;
    const repair = async () => {
      await pool.discardNames(id, dead);
      return 'removed';
    };
    yield { kind: 'pool', what, detail: `${dead.length} snapshots that were not finished`, repair };
  }
}
