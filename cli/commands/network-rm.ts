// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  describe: 'Remove one or more networks that no container is in',
  examples: [['network rm backend', 'its bridge goes with it']],
  options: { force: { type: 'boolean', alias: 'f', default: false, describe: 'One that is not there is no failure' } },
  operands: [1, Infinity],
  async run({ force, _: words }, io) {
    const { networks } = await io.engine();
    let status = 0;
    for (const word of words) {
      try {
        await networks.remove(word);
        io.print(word);
      } catch (error) {
        if (!(error instanceof DockerliteError)) throw error;
        if (force && error.code === 'E_NO_SUCH_NETWORK') continue;
        io.fail(error);
        status = 1;
      }
    }
    return status;
  },
});
