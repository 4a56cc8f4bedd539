// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';

export default defineCommand({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  describe: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
  examples: [
    ['tag debian debian:stable', 'give debian:latest a second name'],
    ['tag 1f5def2a7b3c site:1.0', 'name an image by its id'],
  ],
  options: {},
  operands: [2, 2],
  async run({ _: [source = '', target = ''] }, io) {
    const { images } = await io.engine();
    await images.tag(source, target);
  },
});
