// SPDX-License-Identifier: Apache-2.0
import { defineCommand, UsageError } from '../command';
import { confirm } from '../confirm';
import { humanSize } from '../output/size';
import { parseFilters } from './filter-option';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Remove the volumes that no container has: those nobody gave a name, or all',
  examples: [['volume prune -a -f', 'every unused volume, without a question']],
  options: {
    all: { type: 'boolean', alias: 'a', default: false, describe: 'Those with a name as well' },
    filter: { type: 'list', value: 'KEY=VALUE', describe: 'Only those that match: label, label!' },
    force: { type: 'boolean', alias: 'f', default: false, describe: 'Do not ask' },
  },
  async run({ all, filter, force }, io) {
    const filters = parseFilters(filter);
    const bad = Object.keys(filters).find((key) => key !== 'label' && key !== 'label!');
    if (bad !== undefined) throw new UsageError(`invalid filter '${bad}'`, 1);
    const what = all ? 'all' : 'anonymous';
    if (!force && !confirm(io, `WARNING! This will remove ${what} local volumes not used by at least one container.`)) return 0;
    const { volumes } = await io.engine();
    const removed = await volumes.prune({ all, filters });
    if (removed.length > 0) io.print(`Deleted Volumes:\n${removed.map(({ name }) => `${name}\n`).join('')}`);
    io.print(`Total reclaimed space: ${humanSize(removed.reduce((sum, { size }) => sum + size, 0), 4)}`);
    return 0;
  },
});
