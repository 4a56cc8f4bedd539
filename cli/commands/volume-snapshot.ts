// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { parseLabels } from './label-option';

export default defineCommand({
  usage: '[OPTIONS] VOLUME NEW',
  describe: 'Create a volume with what another one holds now, sharing its data: one system call, however much that is',
  examples: [['volume snapshot data data-before-upgrade', 'while containers go on using it']],
  options: { label: { type: 'list', value: 'KEY[=VALUE]', describe: 'Set metadata' } },
  operands: [2, 2],
  async run({ label, _: [name, snapshot] }, io) {
    const labels = parseLabels(label, '--label');
    const { volumes } = await io.engine();
    io.print((await volumes.snapshot(name as string, snapshot as string, { labels })).name);
  },
});
