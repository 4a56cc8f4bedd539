// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { imageOrLatest } from '../latest';
import { fallbackCommand } from './fallback-command';

export default defineCommand({
  usage: 'IMAGE [NAME]',
  describe: 'Create a new container from an image',
  examples: [
    ['mkc debian', 'print the id of the new container'],
    ['mkc LAST web', 'from the image made last, with a name'],
  ],
  options: {},
  operands: [1, 2],
  async run({ _: [word, name] }, io) {
    const engine = await io.engine();
    const image = await imageOrLatest(engine, word as string);
    const command = fallbackCommand(image);
    const { id } = await engine.containers.create({ image: image.tags[0] ?? image.id, name, command });
    io.print(id);
  },
});
