// SPDX-License-Identifier: Apache-2.0
import { defineCommand, UsageError } from '../command';
import { confirm } from '../confirm';
import { parseFilters } from './filter-option';
import { parseTime } from './time-option';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Remove the networks that no container is to be in, running or not',
  examples: [['network prune -f --filter until=24h', 'those made before yesterday, without a question']],
  options: {
    filter: { type: 'list', value: 'KEY=VALUE', describe: 'Only those that match: label, label!, until' },
    force: { type: 'boolean', alias: 'f', default: false, describe: 'Do not ask' },
  },
  async run({ filter, force }, io) {
    const { label, 'label!': withoutLabel, until, ...others } = parseFilters(filter);
    const bad = Object.keys(others)[0];
    if (bad !== undefined) throw new UsageError(`invalid filter '${bad}'`, 1);
    const before = parseTime('until', until?.[0], Date.now());
    if (!force && !confirm(io, 'WARNING! This will remove all custom networks not used by at least one container.')) return 0;
    const { networks } = await io.engine();
    const removed = await networks.prune({ ...(label && { label }), ...(withoutLabel && { withoutLabel }), ...(before !== undefined && { until: before }) });
    if (removed.length > 0) io.print(`Deleted Networks:\n${removed.map((name) => `${name}\n`).join('')}`);
    return 0;
  },
});
