// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { formatTable } from '../output/table';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'List IP addresses allocated to containers',
  examples: [
    ['lsa', 'the addresses'],
    ['lsa --long', 'and who has them'],
  ],
  options: {
    long: { type: 'boolean', alias: 'l', describe: 'Show who has each, and whether it is kept while the container is stopped' },
  },
  async run({ long }, io) {
    const { addresses } = await io.engine();
    const list = addresses.list();
    if (long !== true) {
      for (const { ip } of list) io.print(ip);
      return;
    }
    const rows = list.map(({ ip, containerId, name, fixed }) => [ip, containerId.slice(0, 12), name, fixed ? 'yes' : 'no']);
    io.stdout.write(formatTable([['ADDRESS', 'CONTAINER ID', 'CONTAINER NAME', 'KEPT'], ...rows]));
  },
});
