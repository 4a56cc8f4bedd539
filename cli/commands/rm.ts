// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { forEachContainer } from './each';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  describe: 'Remove one or more containers',
  examples: [
    ['rm web', 'remove a stopped container'],
    ['rm -v web', 'with the volumes that were made for it alone'],
    ['rm -f web db', 'remove two, running or not'],
    ['rm $(dockerlite ps -aq -f status=exited)', 'remove all that have ended'],
  ],
  options: {
    force: { type: 'boolean', alias: 'f', default: false, describe: 'Kill it first when it runs; one that is not there is no failure' },
    link: { type: 'boolean', alias: 'l', describe: 'Accepted for compatibility: there are no links' },
    volumes: { type: 'boolean', alias: 'v', default: false, describe: 'Remove the volumes too that were made for it and have no name' },
  },
  operands: [1, Infinity],
  run: ({ force, volumes, _: words }, io) =>
    forEachContainer(words, io, (container) => container.remove({ force, ...(volumes && { volumes }) }), { tolerated: force ? 'E_NO_SUCH_CONTAINER' : undefined }),
});
