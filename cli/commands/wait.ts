// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { forEachContainer } from './each';

export default defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  describe: 'Block until one or more containers stop, then print their exit codes',
  examples: [
    ['wait web', 'print the exit code of web when it has ended'],
  ],
  options: {},
  operands: [1, Infinity],
  run: (args, io) => forEachContainer(args._, io, async (container) => String((await container.wait()).exitCode)),
});
