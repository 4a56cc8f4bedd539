// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { discardWorkspace, isAbandoned } from '../store/workspace';
import type { Problem } from './finding';
import { list } from './list';

/** Work in progress of processes that are gone. */
export function* checkWorkspaces({ store }: Context): Generator<Problem> {
  for (const name of list(store.layout.tmp).filter(isAbandoned)) {
    yield {
      kind: 'workspace',
      what: name,
      detail: 'left by a process that was killed',
      repair: async () => {
        await discardWorkspace(`${store.layout.tmp}/${name}`);
        return 'removed';
      },
    };
  }
}
