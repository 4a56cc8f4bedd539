// SPDX-License-Identifier: Apache-2.0
import { existsSync, rmSync } from 'node:fs';
import { clearRemains } from '../containers/remains';
import type { Context } from '../context';
import type { Problem } from './finding';
import { isAtRest, isId, lasting } from './at-rest';
import { list } from './list';

/** Run directories, and liblxc's lock files, of containers that do not run. */
export async function* checkRunDirectories({ store }: Context): AsyncGenerator<Problem> {
  const { layout } = store;
  const isLeft = (id: string) => (existsSync(layout.runDir(id)) && isAtRest(store, id)) || undefined;
  for (const [id] of await lasting(list(layout.run).filter(isId), isLeft)) {
    yield {
      kind: 'run directory',
      what: layout.runDir(id),
      detail: 'its container does not run',
      repair: async () => {
        if (!isAtRest(store, id)) return undefined;
        await clearRemains(store, id);
        return 'removed';
      },
    };
  }
  for (const name of list(layout.lxcLocks)) {
    const path = `${layout.lxcLocks}/${name}`;
    if (!isAtRest(store, name.replace(/^\./, ''))) continue;
    yield {
      kind: 'lock file',
      what: path,
      detail: 'its container does not run',
      repair: () => {
        rmSync(path, { recursive: true, force: true });
        return 'removed';
      },
    };
  }
}
