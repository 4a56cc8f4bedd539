// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { DockerliteError } from '../../lib/errors';
import { OutputClosed } from './output';

/** Native code writes an archive to stdout: that nobody reads it any more ends us as it does everywhere else. */
export async function toStdout<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof DockerliteError && error.errno === constants.errno.EPIPE) throw new OutputClosed();
    throw error;
  }
}
