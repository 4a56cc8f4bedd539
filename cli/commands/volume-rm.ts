// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  describe: 'Remove one or more volumes that no container has',
  examples: [['volume rm data', 'remove it with all its files']],
  options: { force: { type: 'boolean', alias: 'f', default: false, describe: 'One that is not there is no failure' } },
  operands: [1, Infinity],
  async run({ force, _: names }, io) {
    const { volumes } = await io.engine();
    let status = 0;
    for (const name of names) {
      try {
        await volumes.remove(name);
      } catch (error) {
        if (!(error instanceof DockerliteError)) throw error;
        if (!force || error.code !== 'E_NO_SUCH_VOLUME') {
          io.fail(error);
          status = 1;
          continue;
        }
      }
      io.print(name);
    }
    return status;
  },
});
