// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { forEachContainer } from './each';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  describe: 'Kill one or more running containers',
  examples: [
    ['kill web', 'end web at once'],
    ['kill -s HUP web', 'have web read its configuration again'],
  ],
  options: {
    signal: { type: 'string', alias: 's', value: 'SIGNAL', describe: 'Signal to send', default: 'KILL' },
  },
  operands: [1, Infinity],
  run: (args, io) => forEachContainer(args._, io, (container) => container.kill(args.signal), { notFound: 'Cannot kill container: NAME: ' }),
});
