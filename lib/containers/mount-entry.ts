// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { escapeField, escapeOption } from './fstab';
import type { MountSpec } from './mount-spec';

/** A prepared mount as liblxc takes it: an fstab(5) line whose target is relative to the container's root. */
export function mountEntry(mount: MountSpec): string {
  const target = escapeField(mount.target.slice(1));
  switch (mount.type) {
    case 'tmpfs': {
      const options = ['nosuid', 'nodev', 'noexec', ...mount.options.split(','), 'create=dir'].filter((word) => word !== '');
      return `lxc.mount.entry=tmpfs ${target} tmpfs ${options.join(',')} 0 0`;
    }
    case 'volume': {
      const { source = '', subpath, subpathIsFile } = mount;
      // What containers make in a volume is theirs: the supervisor finds the path, see native/supervisor/host_mounts.h.
      const below = subpath === undefined ? [] : [`x-below=${escapeOption(subpath)}`];
      const options = ['bind', access(mount), 'rprivate', `create=${subpathIsFile ? 'file' : 'dir'}`, ...below];
      return `lxc.mount.entry=${escapeField(source)} ${target} none ${options.join(',')} 0 0`;
    }
    case 'bind': {
      const options = [mount.nonRecursive ? 'bind' : 'rbind', access(mount), mount.propagation ?? 'rprivate', `create=${kindOf(mount.source)}`];
      return `lxc.mount.entry=${escapeField(mount.source)} ${target} none ${options.join(',')} 0 0`;
    }
  }
}

function access({ readonly }: { readonly: boolean }): 'ro' | 'rw' {
  return readonly ? 'ro' : 'rw';
}

/** Whether a bind mount's target must be made as a file or as a directory. */
function kindOf(source: string): 'file' | 'dir' {
  return statSync(source).isDirectory() ? 'dir' : 'file';
}
