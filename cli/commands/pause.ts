// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { forEachContainer } from './each';

export default defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  describe: 'Pause all processes within one or more containers',
  examples: [
    ['pause web', 'freeze every process of web'],
  ],
  options: {},
  operands: [1, Infinity],
  run: (args, io) => forEachContainer(args._, io, (container) => container.pause()),
});
