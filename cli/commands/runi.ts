// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { imageOrLatest } from '../latest';
import { fallbackCommand } from './fallback-command';
import { firstRun } from './first-run';

export default defineCommand({
  usage: 'IMAGE [COMMAND] [ARG...]',
  describe: 'Create a new container from an image, run a command in it, and keep it',
  examples: [
    ['runi debian', 'a shell in a new container'],
    ['runi LAST ls /', 'one command, in a container of the image made last'],
  ],
  options: {},
  operands: [1, Infinity],
  interspersed: false,
  run: ({ _: [word, ...words] }, io) =>
    firstRun(
      io,
      async (engine, tty) => {
        const image = await imageOrLatest(engine, word as string);
        const command = words.length > 0 ? words : fallbackCommand(image);
        return engine.containers.create({ image: image.tags[0] ?? image.id, command, tty, openStdin: true });
      },
      undefined,
    ),
});
