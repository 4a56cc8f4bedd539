// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import type { Context } from '../context';
import { shortId } from '../util/id';
import type { Problem } from './finding';

/** Where the store itself has subvolumes: of images, of containers, ready ones, and work in progress. */
const OWN = /^(?:images\/[^/]+\/(?:rootfs|base)|containers\/[^/]+\/rootfs|volumes\/[^/]+\/_data|layers\/[^/]+\/rootfs|pool\/[^/]+\/[^/]+\/rootfs|tmp\/[^/]+\/rootfs)$/;
const IN_CONTAINER = /^containers\/([^/]+)\/rootfs\/(.*)$/s;

/** Subvolumes that this program did not make: nothing is wrong with them, but they explain where a disk's space went. */
export async function* checkSubvolumes({ store }: Context): AsyncGenerator<Problem> {
  for (const path of (await btrfs.subvolumeNested(store.layout.root)).map((bytes) => bytes.toString())) {
    const inside = IN_CONTAINER.exec(path);
    if (inside !== null) {
      const [, id = '', name = ''] = inside;
      yield {
        kind: 'nested subvolume',
        what: `container ${shortId(id)}`,
        detail: `/${name}: not part of commits and diffs; removed with the container`,
        note: true,
      };
    } else if (!OWN.test(path) && !/^(?:images|layers|pool|tmp|volumes)\//.test(path)) {
      yield { kind: 'stray subvolume', what: `${store.layout.root}/${path}`, detail: 'not made by dockerlite; left alone', note: true };
    }
  }
}
