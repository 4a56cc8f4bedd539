// SPDX-License-Identifier: Apache-2.0
import type { ContainerRow } from '../containers/record';
import { clearRemains, findRemains } from '../containers/remains';
import type { Context } from '../context';
import { shortId } from '../util/id';
import type { Problem } from './finding';
import { isAtRest } from './at-rest';

/** Cgroups, processes and veths of containers that do not run. */
export function* checkRemains({ store }: Context): Generator<Problem> {
  for (const { id } of store.db.all<ContainerRow>("SELECT id FROM containers WHERE state IN ('created', 'exited')")) {
    const found = findRemains(id);
    if (found.cgroups.length === 0 && found.veths.length === 0) continue;
    if (!isAtRest(store, id)) continue;
    yield {
      kind: 'remains',
      what: `container ${shortId(id)}`,
      detail: `${found.pids.length} processes, ${found.cgroups.length} cgroups${found.veths.map((name) => `, ${name}`).join('')}`,
      repair: async () => {
        if (!isAtRest(store, id)) return undefined;
        await clearRemains(store, id);
        return 'removed';
      },
    };
  }
}
