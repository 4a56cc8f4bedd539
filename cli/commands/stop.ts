// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { forEachContainer } from './each';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  describe: 'Stop one or more running containers',
  examples: [
    ['stop web', 'ask web to end, kill it after 10 seconds'],
    ['stop -t 0 web', 'give it no time'],
  ],
  options: {
    signal: { type: 'string', alias: 's', value: 'SIGNAL', describe: "Signal to send instead of the container's own" },
    timeout: { type: 'number', alias: ['t', 'time'], value: 'SECONDS', describe: 'How long to wait before it is killed; -1 for ever' },
  },
  operands: [1, Infinity],
  run: (args, io) => forEachContainer(args._, io, (container) => container.stop(args)),
});
