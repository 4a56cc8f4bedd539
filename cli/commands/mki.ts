// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { containerOrLatest } from '../latest';

export default defineCommand({
  usage: '[CONTAINER [NAME]]',
  describe: 'Create a new image from the state of a container',
  examples: [
    ['mki web web:good', 'keep what it has become under a name'],
    ['mki LAST tools', 'of the container made last'],
  ],
  options: {},
  operands: [0, 2],
  async run({ _: [word, name] }, io) {
    const container = await containerOrLatest(await io.engine(), word);
    await container.commit({ ...(name !== undefined && { reference: name }) });
  },
});
