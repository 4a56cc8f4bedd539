// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { containerOrLatest } from '../latest';

export default defineCommand({
  usage: 'CONTAINER',
  describe: 'Destroy a container that does not run',
  examples: [
    ['rmc web', 'remove it and its file system'],
    ['rmc LAST', 'the one made last'],
  ],
  options: {},
  operands: [1, 1],
  async run({ _: [word] }, io) {
    const container = await containerOrLatest(await io.engine(), word);
    await container.remove();
  },
});
