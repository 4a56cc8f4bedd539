// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { interruptible } from '../interruptible';
import { toStdout } from '../output/stdout-archive';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER',
  describe: "Write a container's file system as a tar archive, to stdout or a file",
  examples: [
    ['export -o web.tar web', 'to a file'],
    ['export web | zstd > web.tar.zst', 'through a pipe'],
  ],
  options: {
    output: { type: 'string', alias: 'o', value: 'FILE', describe: 'Write to a file instead of stdout' },
  },
  operands: [1, 1],
  async run({ output, _: [word] }, io) {
    if (output === undefined && isatty(1)) {
      throw new DockerliteError('E_INVALID', 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    const { containers } = await io.engine();
    const container = await containers.get(word as string);
    await interruptible((signal) => {
      if (output === undefined) return toStdout(() => container.export({ fd: 1 }, { signal }));
      return toFile(output, (fd) => container.export({ fd }, { signal }));
    });
  },
});

/** A file is whole or not there: it is written under another name first. */
async function toFile(path: string, write: (fd: number) => Promise<void>): Promise<void> {
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
