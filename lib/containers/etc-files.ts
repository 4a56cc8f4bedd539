// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import { MOUNT_POINTS } from '../images/mount-points';
import type { MountSpec } from './mount-spec';
import { checkMountTarget, isBelow } from './mount-targets';

/** One of /etc/hosts, /etc/hostname and /etc/resolv.conf, which the engine writes. */
export interface EtcFile {
  name: string;
  /** Where the container has it: where the image's symbolic links lead. */
  target: string;
  /** It lies in something that is mounted, where it may have to be made. */
  mounted: boolean;
}

/**
 * The files that a container gets after `mounts`, whose targets are final: a mount of somebody's own at one of
 * their places stays, and one at /etc has them too. @throws E_INVALID, E_UNSUPPORTED
 */
export async function etcFiles(root: string, mounts: MountSpec[]): Promise<EtcFile[]> {
  const [etc = '', ...files] = await realPaths(root);
  const covers = (path: string) => mounts.some(({ target }) => target === path || isBelow(path, target));
  return MOUNT_POINTS.files
    .map((path, index) => {
      const name = path.slice('etc/'.length);
      const target = covers(etc) ? `${etc}/${name}` : (files[index] as string);
      return { name, target, mounted: covers(target) };
    })
    .filter(({ target }) => {
      checkMountTarget(target);
      return !mounts.some((mount) => mount.target === target);
    });
}

/** Of /etc and of each file in it. A link to what is not there yet is common for resolv.conf. */
async function realPaths(root: string): Promise<string[]> {
  const paths = ['etc', ...MOUNT_POINTS.files];
  const real = await btrfs.realPaths(root, paths).catch(async () => {
    await btrfs.makeMountPoints(root, ['etc'], MOUNT_POINTS.files);
    return btrfs.realPaths(root, paths);
  });
  return real.map((path) => `/${path}`);
}
