// SPDX-License-Identifier: Apache-2.0
import { isatty } from 'node:tty';
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { interruptible } from '../interruptible';
import { toFile } from '../output/archive-file';
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
