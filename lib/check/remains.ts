// SPDX-License-Identifier: Apache-2.0
import type { ContainerRow } from '../containers/record';
import { clearRemains, findRemains } from '../containers/remains';
import type { Context } from '../context';
import { shortId } from '../util/id';
import type { Problem } from './finding';
import { isAtRest, lasting } from './at-rest';

/** Cgroups, processes and veths of containers that do not run. */
export async function* checkRemains({ store }: Context): AsyncGenerator<Problem> {
  const rows = store.db.all<ContainerRow>("SELECT id FROM containers WHERE state IN ('created', 'exited')");
  const look = ({ id }: ContainerRow) => {
    const remains = findRemains(id);
    return (remains.cgroups.length > 0 || remains.veths.length > 0) && isAtRest(store, id) ? remains : undefined;
  };
  for (const [{ id }, { pids, cgroups, veths }] of await lasting(rows, look)) {
    yield {
      kind: 'remains',
      what: `container ${shortId(id)}`,
      detail: `${pids.length} processes, ${cgroups.length} cgroups${veths.map((name) => `, ${name}`).join('')}`,
      repair: async () => {
        if (!isAtRest(store, id)) return undefined;
        await clearRemains(store, id);
        return 'removed';
      },
    };
  }
}
