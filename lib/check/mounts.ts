// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import { type Mount, readMounts } from '../binding/mounts';
import type { Context } from '../context';
import type { Problem } from './finding';
import { isAtRest } from './at-rest';

/**
 * Mounts inside the store's trees that this process sees, and in run directories of containers that do not run.
 * Containers' mounts are in namespaces of their own, so somebody else made these: they keep a tree from being removed.
 */
export function* checkMounts({ store }: Context): Generator<Problem> {
  const { root, run } = store.layout;
  const inRun = new RegExp(`^${run}/([0-9a-f]{64})/`);
  const inside = ({ target }: Mount) => {
    const id = inRun.exec(target)?.[1];
    return id === undefined ? target.startsWith(`${root}/`) : isAtRest(store, id);
  };
  // The innermost first: it is on top of the others.
  for (const { target, type, source } of readMounts().filter(inside).reverse()) {
    yield {
      kind: 'mount',
      what: target,
      detail: `${source} (${type}) is mounted inside the store`,
      repair: async () => {
        await btrfs.unmount(target);
        return 'unmounted';
      },
    };
  }
}
