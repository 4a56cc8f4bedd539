// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { confirm } from '../confirm';
import { humanSize } from '../output/size';
import { PRUNE_OPTIONS, pruneFilters } from './prune-options';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Remove all stopped containers',
  examples: [['container prune -f --filter until=24h', 'those that were created a day ago or longer, without a question']],
  options: PRUNE_OPTIONS,
  async run({ filter, force }, io) {
    const filters = pruneFilters(filter);
    if (!force && !confirm(io, 'WARNING! This will remove all stopped containers.')) return;
    const { deleted, reclaimed } = await (await io.engine()).containers.prune(filters);
    if (deleted.length > 0) io.print(`Deleted Containers:\n${deleted.join('\n')}\n`);
    io.print(`Total reclaimed space: ${humanSize(reclaimed, 4)}`);
  },
});
