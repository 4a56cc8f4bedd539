// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import type { Context } from '../context';
import { discardImage } from '../images/publish';
import type { ImageRow } from '../images/record';
import { shortId } from '../util/id';
import { isAtWork } from '../util/owner';
import type { Problem } from './finding';

/** Images that a killed process was making or removing, and those whose file system is gone. */
export function* checkImages({ store }: Context): Generator<Problem> {
  for (const { id, state, owner } of store.db.all<ImageRow>('SELECT id, state, owner FROM images')) {
    const what = `image ${shortId(id)}`;
    const discard = async () => {
      await discardImage(store, id);
      return 'removed';
    };
    if (state !== 'ready') {
      if (!isAtWork(owner, id)) yield { kind: 'unfinished', what, detail: state, repair: discard };
    } else if (!existsSync(store.layout.imageRootfs(id))) {
      const isLost = () => store.db.get("SELECT 1 FROM images WHERE id = ? AND state = 'ready'", id) !== undefined;
      if (isLost()) yield { kind: 'row without a tree', what, detail: 'its file system is gone', repair: discard };
    }
  }
}
