// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DockerliteError } from '../../lib/errors';

/** A file is whole or not there: it is written under another name first. */
export async function toFile(path: string, write: (fd: number) => Promise<void>): Promise<void> {
  const target = statSync(path, { throwIfNoEntry: false });
  if (target?.isDirectory() === true) throw new DockerliteError('E_INVALID', `invalid output path: ${path} is a directory`, { path });
  // A device or a pipe is written to as it is.
  const written = target === undefined || target.isFile() ? join(dirname(path), `.${basename(path)}.${process.pid}`) : path;
  const fd = openOutput(written, path);
  try {
    await write(fd);
    if (written !== path) renameSync(written, path);
  } catch (error) {
    if (written !== path) rmSync(written, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

function openOutput(written: string, path: string): number {
  try {
    return openSync(written, written === path ? 'w' : 'wx', 0o600);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? `directory ${JSON.stringify(dirname(path))} does not exist` : (error as Error).message;
    throw new DockerliteError('E_INVALID', `invalid output path: ${why}`, { path, cause: error });
  }
}
