// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';

export default defineCommand({
  usage: 'CONTAINER NEW_NAME',
  describe: 'Rename a container',
  examples: [['rename eager_turing web', 'call it web from now on']],
  options: {},
  operands: [2, 2],
  async run({ _: [word = '', name = ''] }, io) {
    const { containers } = await io.engine();
    try {
      await (await containers.get(word)).rename(name);
      return 0;
    } catch (error) {
      if (!(error instanceof DockerliteError)) throw error;
      io.fail(error);
      throw new Error(`failed to rename container named ${word}`);
    }
  },
});
