// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { formatTable } from '../output/table';

export default defineCommand({
  usage: 'CONTAINER [ps OPTIONS]',
  describe: 'Display the running processes of a container; options of ps are accepted and make no difference',
  examples: [['top web', 'show what runs in web, with the ids the host knows']],
  options: {},
  operands: [1, Infinity],
  interspersed: false,
  async run({ _: [word = ''] }, io) {
    const { containers } = await io.engine();
    const { titles, processes } = await (await containers.get(word)).top();
    io.stdout.write(formatTable([titles, ...processes]));
  },
});
