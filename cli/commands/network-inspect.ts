// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { INSPECT_FORMAT, inspectEach } from '../output/inspection';

export default defineCommand({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  describe: 'Display detailed information on one or more networks',
  examples: [[`network inspect -f '{{(index .IPAM.Config 0).Subnet}}' backend`, 'its addresses']],
  options: {
    format: INSPECT_FORMAT,
    verbose: { type: 'boolean', alias: 'v', describe: 'Accepted for compatibility' },
  },
  operands: [1, Infinity],
  async run({ format, _: words }, io) {
    const { networks } = await io.engine();
    return inspectEach(io, format, words, (word) => networks.inspect(word));
  },
});
