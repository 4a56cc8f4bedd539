// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { forEachContainer } from './each';

export default defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  describe: 'Unpause all processes within one or more containers',
  examples: [
    ['unpause web', 'let web go on'],
  ],
  options: {},
  operands: [1, Infinity],
  run: (args, io) => forEachContainer(args._, io, (container) => container.unpause()),
});
