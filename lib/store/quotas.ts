// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { quotaEnable, quotaMode } from '../binding/quota';
import { DockerliteError } from '../errors';
import type { Store } from './store';

/** Turns simple quotas on where the kernel has them. Only for a file system that is the store's own. */
export async function enableQuotas(root: string): Promise<void> {
  try {
    await quotaEnable(root);
  } catch (error) {
    // Linux before 6.7: disk limits are then not available, which whoever asks for one is told.
    const { errno } = error as DockerliteError;
    if (errno !== constants.errno.EINVAL && errno !== constants.errno.ENOTTY && errno !== constants.errno.EOPNOTSUPP) throw error;
  }
}

/** @throws E_UNSUPPORTED, saying what there is instead and what to do */
export async function requireSimpleQuotas({ layout }: Store): Promise<void> {
  const mode = await quotaMode(layout.root);
  if (mode === 'simple') return;
  const message = 'a limit on disk space needs simple quotas, which ';
  if (mode === 'full') {
    throw new DockerliteError('E_UNSUPPORTED', `${message}the store's file system does not have: it has full ones`, {
      hint: `full quotas make every snapshot slow; \`btrfs quota disable ${layout.root}\` and \`btrfs quota enable --simple ${layout.root}\` change that`,
    });
  }
  throw new DockerliteError('E_UNSUPPORTED', `${message}are off on the store's file system`, {
    hint: `with Linux 6.7 or newer \`btrfs quota enable --simple ${layout.root}\` turns them on; older kernels can then no longer mount it`,
  });
}
