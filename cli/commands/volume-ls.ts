// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { formatRows } from '../output/format';
import { VOLUME_HEADINGS, volumeFields } from '../output/volume-row';
import { parseFilters } from './filter-option';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'List volumes',
  examples: [
    ['volume ls', 'all of them'],
    ['volume ls -q -f dangling=true', 'names of those no container has'],
  ],
  options: {
    filter: { type: 'list', alias: 'f', value: 'KEY=VALUE', describe: 'Show only what matches: dangling, driver, label, name' },
    format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show only names' },
  },
  async run({ filter, format, quiet }, io) {
    const filters = parseFilters(filter);
    const { volumes } = await io.engine();
    const rows = (await volumes.list(filters)).map(volumeFields);
    io.stdout.write(formatRows(format, { standard: 'table {{.Driver}}\t{{.Name}}', headings: { ...VOLUME_HEADINGS }, rows, ...(quiet && { quiet: 'Name' }) }));
  },
});
