// SPDX-License-Identifier: Apache-2.0

/** What a container's mounts need to find in its root file system. */
export const MOUNT_POINTS = {
  directories: ['dev', 'proc', 'sys', 'etc'],
  files: ['etc/hostname', 'etc/hosts', 'etc/resolv.conf'],
};
