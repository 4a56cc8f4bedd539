// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';

export default defineCommand({
  usage: '',
  describe: 'List images: id and names',
  examples: [['lsi', 'one line for each image']],
  options: {},
  async run(_args, io) {
    const { images } = await io.engine();
    const list = [...(await images.list())].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const { id, tags } of list) io.print([id, ...tags].join(' '));
  },
});
