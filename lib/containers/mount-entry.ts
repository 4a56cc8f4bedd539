// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import type { Layout } from '../store/layout';
import type { MountSpec } from './spec';

/** One of the user's mounts as liblxc takes it: an fstab(5) line whose target is relative to the container's root. */
export function mountEntry(_layout: Layout, mount: MountSpec): string {
  const target = escape(mount.target.slice(1));
  if (mount.type === 'tmpfs') {
    const options = ['nosuid', 'nodev', 'noexec', ...mount.options.split(','), 'create=dir'].filter((word) => word !== '');
    return `lxc.mount.entry=tmpfs ${target} tmpfs ${options.join(',')} 0 0`;
  }
  return `lxc.mount.entry=${escape(mount.source)} ${target} none rbind,${mount.readonly ? 'ro' : 'rw'},rprivate,create=${kindOf(mount.source)} 0 0`;
}

/** Whether a bind mount's target must be made as a file or as a directory. */
function kindOf(source: string): 'file' | 'dir' {
  return statSync(source).isDirectory() ? 'dir' : 'file';
}

/** fstab(5) escapes, which liblxc reads with getmntent(3). */
function escape(path: string): string {
  return path.replace(/[\\ \t\n]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
