// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { containerOrLatest } from '../latest';

export default defineCommand({
  usage: '[CONTAINER]',
  describe: "Show where on the host a container's file system is",
  examples: [
    ['rootfs web', 'its directory'],
    ['rootfs LAST', 'that of the container made last'],
  ],
  options: {},
  operands: [0, 1],
  async run({ _: [word] }, io) {
    const container = await containerOrLatest(await io.engine(), word);
    io.print((await container.inspect()).GraphDriver.Data.Subvolume);
  },
});
