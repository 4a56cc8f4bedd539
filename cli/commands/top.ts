// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { formatTable } from '../output/table';

/** As Docker's. */
const TOP_NARROWEST = 17;

export default defineCommand({
  usage: 'CONTAINER [ps OPTIONS]',
  describe: 'Display the running processes of a container, with the columns that options of ps(1) ask for',
  examples: [
    ['top web', 'show what runs in web, with the ids the host knows'],
    ['top web aux', 'with memory and processor time'],
    ['top web -o pid,etime,args', 'columns of your choice'],
  ],
  options: {},
  operands: [1, Infinity],
  interspersed: false,
  async run({ _: [word = '', ...options] }, io) {
    const { containers } = await io.engine();
    const { titles, processes } = await (await containers.get(word)).top(options);
    io.stdout.write(formatTable([titles, ...processes], TOP_NARROWEST));
  },
});
