// SPDX-License-Identifier: Apache-2.0
import { quotaStale } from '../binding/quota';
import type { Context } from '../context';
import type { Problem } from './finding';

/** Quota groups of subvolumes that are gone and of which nothing is left. */
export async function* checkQuotas({ store }: Context): AsyncGenerator<Problem> {
  const { root } = store.layout;
  const stale = await quotaStale(root, false);
  if (stale.length === 0) return;
  yield {
    kind: 'quota group',
    what: root,
    detail: `${stale.length} of subvolumes that are gone`,
    // What an image shared with others keeps its group until it goes, and nobody is there then to remove that.
    ...(stale.every((group) => group.startsWith('0/')) && { note: true as const }),
    repair: async () => {
      const gone = await quotaStale(root, true);
      return gone.length === 0 ? undefined : `${gone.length} removed`;
    },
  };
}
