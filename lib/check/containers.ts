// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { discardContainer } from '../containers/discard';
import { type ContainerRow, containerById } from '../containers/record';
import { settleRow } from '../containers/settle';
import type { Context } from '../context';
import { shortId } from '../util/id';
import { isAtWork } from '../util/owner';
import type { Problem } from './finding';

/** Containers whose supervisor or maker is gone, and those whose file system is. */
export function* checkContainers(context: Context): Generator<Problem> {
  for (const row of context.store.db.all<ContainerRow>('SELECT * FROM containers')) {
    if (['created', 'exited'].includes(row.state)) yield* atRest(context, row);
    else yield* unsettled(context, row);
  }
}

function* unsettled({ store }: Context, row: ContainerRow): Generator<Problem> {
  if (isAtWork(row.owner, row.id)) return;
  yield {
    kind: ['running', 'paused'].includes(row.state) ? 'dead supervisor' : 'unfinished',
    what: `container ${shortId(row.id)}`,
    detail: row.state,
    repair: async () => {
      const after = await settleRow(store, row);
      return after === undefined ? 'removed' : `now ${after.state}`;
    },
  };
}

function* atRest({ store }: Context, row: ContainerRow): Generator<Problem> {
  const { id, name } = row;
  const isLost = () => !existsSync(store.layout.containerRootfs(id)) && ['created', 'exited'].includes(containerById(store, id)?.state ?? '');
  if (!isLost()) return;
  yield {
    kind: 'row without a tree',
    what: `container ${name}`,
    detail: 'its file system is gone',
    repair: async () => {
      if (!isLost()) return undefined;
      await discardContainer(store, row);
      return 'row removed';
    },
  };
}
