// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { INSPECT_FORMAT, inspectEach } from '../output/inspection';
import { volumeInfo } from '../output/volume-row';

export default defineCommand({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  describe: 'Return low-level information on volumes',
  examples: [[`volume inspect -f '{{.Mountpoint}}' data`, 'where its files are on the host']],
  options: { format: INSPECT_FORMAT },
  operands: [1, Infinity],
  async run({ format, _: words }, io) {
    const { volumes } = await io.engine();
    return inspectEach(io, format, words, async (word) => volumeInfo(await volumes.get(word)));
  },
});
