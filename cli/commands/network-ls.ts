// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { formatRows } from '../output/format';
import { NETWORK_HEADINGS, networkFields } from '../output/network-row';
import { parseFilters } from './filter-option';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'List networks',
  examples: [
    ['network ls', 'all of them'],
    ['network ls -q -f type=custom', 'ids of those users made'],
  ],
  options: {
    filter: { type: 'list', alias: 'f', value: 'KEY=VALUE', describe: 'Show only what matches: dangling, driver, id, label, name, scope, type' },
    format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
    'no-trunc': { type: 'boolean', default: false, describe: 'Show ids in full' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show only ids' },
  },
  async run({ filter, format, quiet, 'no-trunc': full }, io) {
    const filters = parseFilters(filter);
    const { networks } = await io.engine();
    const rows = (await networks.list({ filters })).map((network) => networkFields(network, full));
    const standard = 'table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}';
    io.stdout.write(formatRows(format, { standard, headings: { ...NETWORK_HEADINGS }, rows, ...(quiet && { quiet: 'ID' }) }));
  },
});
