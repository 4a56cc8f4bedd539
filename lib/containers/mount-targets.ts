// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import type { Store } from '../store/store';
import type { ContainerSpec, MountSpec } from './spec';

/** liblxc makes missing mount points itself, but not in a root file system that is read-only by then. */
export async function makeMountTargets(store: Store, id: string, spec: ContainerSpec): Promise<void> {
  if (!spec.readonlyRootfs || spec.mounts.length === 0) return;
  const targets = (wanted: MountSpec[]) => wanted.map(({ target }) => target.replace(/^\/+/, ''));
  const directories = targets(spec.mounts.filter((mount) => !isFile(mount)));
  await btrfs.makeMountPoints(store.layout.containerRootfs(id), directories, targets(spec.mounts.filter(isFile)));
}

function isFile(mount: MountSpec): boolean {
  return mount.type === 'bind' && !statSync(mount.source).isDirectory();
}
