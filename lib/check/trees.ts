// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { discardTree } from '../containers/discard';
import type { Context } from '../context';
import { discardImage } from '../images/publish';
import type { Store } from '../store/store';
import type { Problem } from './finding';
import { list } from './list';

/** A row is always written before its tree and removed after it: a tree without a row is what nobody will ever finish. */
export function* checkTrees({ store }: Context): Generator<Problem> {
  for (const [directory, table, discard] of [
    [store.layout.containers, 'containers', (store: Store, id: string) => discardTree(store, id)],
    [store.layout.images, 'images', discardImage],
  ] as const) {
    for (const id of list(directory)) {
      const path = `${directory}/${id}`;
      const hasRow = () => store.db.get(`SELECT 1 FROM ${table} WHERE id = ?`, id) !== undefined;
      if (hasRow() || !existsSync(path)) continue;
      yield {
        kind: 'tree without a row',
        what: path,
        detail: 'no name points to it',
        repair: async () => {
          if (hasRow()) return undefined;
          await discard(store, id);
          return 'removed';
        },
      };
    }
  }
}
