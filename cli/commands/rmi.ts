// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  describe: 'Remove one or more images',
  examples: [
    ['rmi site:1.0', 'take this name off; the image goes with its last name'],
    ['rmi -f 1f5def2a7b3c', 'remove an image with all its names'],
    ['rmi $(dockerlite images -q -f dangling=true)', 'remove the images without a name'],
  ],
  options: {
    force: { type: 'boolean', alias: 'f', default: false, describe: 'Remove it although it has several names or stopped containers; one that is not there is no failure' },
    'no-prune': { type: 'boolean', describe: 'Accepted for compatibility: parents are never removed' },
  },
  operands: [1, Infinity],
  async run({ force, _: words }, io) {
    const { images } = await io.engine();
    let status = 0;
    for (const word of words) {
      try {
        const { untagged, deleted } = await images.remove(word, { force });
        for (const name of untagged) io.print(`Untagged: ${name}`);
        if (deleted !== undefined) io.print(`Deleted: sha256:${deleted}`);
      } catch (error) {
        if (!(error instanceof DockerliteError)) throw error;
        io.fail(error);
        if (!force || error.code !== 'E_NO_SUCH_IMAGE') status = 1;
      }
    }
    return status;
  },
});
