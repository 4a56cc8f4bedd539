// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { attachStreams, CONTAINER_OPTIONS, containerOptions } from './container-options';
import { createFromArgs } from './create-container';

export default defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  describe: 'Create a new container',
  examples: [['create --name web debian sleep inf', 'make a container; `dockerlite start web` runs it']],
  options: CONTAINER_OPTIONS,
  operands: [1, Infinity],
  interspersed: false,
  async run(args, io) {
    attachStreams(args.attach, args.interactive);
    const options = containerOptions(args);
    const container = await createFromArgs(await io.engine(), args, options, io);
    io.print(container.id);
  },
});
