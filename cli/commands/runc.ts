// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { containerOrLatest } from '../latest';
import { firstRun } from './first-run';

export default defineCommand({
  usage: '[CONTAINER [COMMAND] [ARG...]]',
  describe: 'Run a command in an existing container that does not run, and keep it; without a command its own',
  examples: [
    ['runc web sh', 'a shell in web'],
    ['runc LAST', 'the container made last, with its own command'],
  ],
  options: {},
  operands: [0, Infinity],
  interspersed: false,
  run: ({ _: [word, ...command] }, io) => firstRun(io, (engine) => containerOrLatest(engine, word), command.length > 0 ? command : undefined),
});
