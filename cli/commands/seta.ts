// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { containerOrLatest } from '../latest';

export default defineCommand({
  usage: '[CONTAINER [ADDRESS]]',
  describe: 'Give a container an IP address for good; without one the next that is free, which is then printed',
  examples: [
    ['seta web 172.30.0.80', 'from its next start on'],
    ['seta web', 'any that is free'],
  ],
  options: {},
  operands: [0, 2],
  async run({ _: [word, wanted] }, io) {
    const engine = await io.engine();
    const { id } = await containerOrLatest(engine, word);
    const address = await engine.addresses.set(id, wanted);
    if (wanted === undefined) io.print(address);
  },
});
