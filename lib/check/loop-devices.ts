// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as btrfs from '../binding/btrfs';
import { readMounts } from '../binding/mounts';
import type { Context } from '../context';
import { Layout } from '../store/layout';
import type { Problem } from './finding';
import { list } from './list';

/** Loop devices over the store's image besides the one it is mounted from: two would write over each other. */
export function* checkLoopDevices({ store }: Context): Generator<Problem> {
  const image = Layout.loopImage(store.layout.root);
  const mounted = new Set(readMounts().map(({ source }) => source));
  for (const name of list('/sys/block').filter((entry) => entry.startsWith('loop'))) {
    const device = `/dev/${name}`;
    if (backingFile(name) !== image || mounted.has(device)) continue;
    yield {
      kind: 'loop device',
      what: device,
      detail: `holds ${image}, which is not mounted from it`,
      repair: async () => {
        await btrfs.detachLoop(device);
        return (await isDetached(name, image)) ? 'detached' : 'it is detached as soon as whoever has it open closes it';
      },
    };
  }
}

/** Milliseconds. The kernel detaches when the last one closes it, and udev for one looks into every device that changes. */
const PATIENCE = 5_000;

async function isDetached(name: string, image: string): Promise<boolean> {
  for (const end = performance.now() + PATIENCE; backingFile(name) === image; await delay(10)) if (performance.now() > end) return false;
  return true;
}

function backingFile(name: string): string {
  try {
    return readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trimEnd();
  } catch {
    return '';
  }
}
