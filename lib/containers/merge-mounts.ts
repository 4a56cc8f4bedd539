// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { MountOptions, MountSpec } from './mount-spec';
import { parseMount, parseTmpfs } from './mounts';

export interface MountSources {
  /** -v and --mount. */
  mounts: (string | MountOptions)[];
  tmpfs: string[];
  /** Of the containers named by --volumes-from. */
  inherited: MountSpec[];
  /** `Volumes` of the image's configuration. */
  imageVolumes: string[];
}

/** A container's mounts: what was asked for goes before what other containers have, and that before the image's. @throws E_INVALID */
export function mergeMounts({ mounts, tmpfs, inherited, imageVolumes }: MountSources): MountSpec[] {
  const own = [...mounts.map(parseMount), ...tmpfs.map(parseTmpfs)];
  const taken = new Set<string>();
  for (const { target } of own) {
    if (taken.has(target)) throw new DockerliteError('E_INVALID', `Duplicate mount point: ${target}`);
    taken.add(target);
  }
  const isFree = ({ target }: MountSpec) => !taken.has(target) && taken.add(target);
  // The container named last wins.
  const others = inherited.toReversed().filter(isFree);
  const images = imageVolumes.map((target) => parseMount({ type: 'volume', target })).filter(isFree);
  return [...others, ...images, ...own];
}
