// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { formatTable } from '../output/table';

export default defineCommand({
  usage: '',
  describe: 'List containers, running or not, with their whole ids',
  examples: [['lsc', 'id, name and base image of each']],
  options: {},
  async run(_args, io) {
    const { containers } = await io.engine();
    const rows = (await containers.list({ all: true })).map(({ id, name, image }) => [id, name, image]);
    rows.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
    io.stdout.write(formatTable([['CONTAINER ID', 'CONTAINER NAME', 'BASE IMAGE'], ...rows]));
  },
});
