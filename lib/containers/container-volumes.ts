// SPDX-License-Identifier: Apache-2.0
import * as archive from '../binding/archive';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import type { Claim, WantedVolume } from '../volumes/claim';
import { makeData } from '../volumes/make';
import { bindDevice } from '../volumes/options';
import { ANONYMOUS_LABEL } from '../volumes/record';
import type { MountSpec, VolumeMount } from './mount-spec';

export function volumeMounts(mounts: MountSpec[]): VolumeMount[] {
  return mounts.filter((mount): mount is VolumeMount => mount.type === 'volume');
}

export function wantedVolumes(mounts: MountSpec[]): WantedVolume[] {
  return volumeMounts(mounts).map(({ name, anonymous, labels, driverOptions }) => ({
    name,
    anonymous: anonymous === true,
    labels: { ...labels, ...(anonymous && { [ANONYMOUS_LABEL]: '' }) },
    options: driverOptions ?? {},
  }));
}

/**
 * Makes the files of the volumes a new container has claimed: what the image has where they are mounted, sharing its
 * data. `image` is the tree that the container starts from.
 */
export async function makeVolumes(store: Store, mounts: MountSpec[], claims: ReadonlyMap<string, Claim>, image: string): Promise<void> {
  const made = new Set<string>();
  for (const mount of volumeMounts(mounts)) {
    await requireDirectory(image, mount.target);
    const claim = claims.get(mount.name);
    if (claim === undefined || made.has(mount.name)) continue;
    made.add(mount.name);
    if (claim.fresh) await makeData(store, mount.name, mount.driverOptions ?? {});
    const isOwn = bindDevice(mount.driverOptions ?? {}) === undefined;
    if (isOwn && mount.noCopy !== true && mount.subpath === undefined) await copyUp(image, mount.target, store.layout.volumeData(mount.name));
  }
}

async function copyUp(image: string, from: string, volume: string): Promise<void> {
  try {
    await archive.copyTree(image, volume, { from });
  } catch (error) {
    if (!(error instanceof DockerliteError) || error.code !== 'E_NOT_FOUND') throw error;
  }
}

/** @throws E_INVALID in Docker's words */
async function requireDirectory(image: string, target: string): Promise<void> {
  const kind = await archive.statInRoot(image, target).catch(() => undefined);
  const isDirectory = kind === undefined || (kind.mode & S_IFMT) === S_IFDIR || (kind.mode & S_IFMT) === S_IFLNK;
  if (!isDirectory) throw new DockerliteError('E_INVALID', `cannot mount volume over existing file, file exists ${target}`);
}

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;
