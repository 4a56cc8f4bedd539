// SPDX-License-Identifier: Apache-2.0
import { isatty } from 'node:tty';
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { interruptible } from '../interruptible';
import { toFile } from '../output/archive-file';
import { toStdout } from '../output/stdout-archive';

export default defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  describe: 'Save one or more images to a tar archive, to stdout or a file: an OCI image layout that older Dockers load too',
  examples: [
    ['save -o images.tar debian:12 web:v2', 'two images, with the layers they share once'],
    ['save web | ssh host dockerlite load', 'to another machine'],
  ],
  options: {
    output: { type: 'string', alias: 'o', value: 'FILE', describe: 'Write to a file instead of stdout' },
  },
  operands: [1, Infinity],
  async run({ output, _: names }, io) {
    if (output === undefined && isatty(1)) throw new DockerliteError('E_INVALID', 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
    const { images } = await io.engine();
    await interruptible((signal) => {
      if (output === undefined) return toStdout(() => images.save(names, { fd: 1 }, { signal }));
      return toFile(output, (fd) => images.save(names, { fd }, { signal }));
    });
  },
});
