// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  describe: 'Disconnect a container from a network',
  examples: [['network disconnect backend web', 'its interface there goes at once']],
  options: { force: { type: 'boolean', alias: 'f', default: false, describe: 'One that is not connected is no failure' } },
  operands: [2, 2],
  async run({ force, _: [network, container] }, io) {
    const { networks } = await io.engine();
    await networks.disconnect(network as string, container as string, { force });
  },
});
