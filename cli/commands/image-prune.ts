// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { confirm } from '../confirm';
import { prunedImageLines } from '../output/image-row';
import { humanSize } from '../output/size';
import { PRUNE_OPTIONS, pruneFilters } from './prune-options';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Remove unused images',
  examples: [
    ['image prune', 'those without a name'],
    ['image prune -a --filter label!=keep', 'all that no container was made from, but for those with a label'],
  ],
  options: {
    ...PRUNE_OPTIONS,
    all: { type: 'boolean', alias: 'a', default: false, describe: 'Remove all unused images, not just those without a name' },
  },
  async run({ all, filter, force }, io) {
    const filters = pruneFilters(filter);
    const what = all ? 'all images without at least one container associated to them' : 'all dangling images';
    if (!force && !confirm(io, `WARNING! This will remove ${what}.`)) return;
    const { images, reclaimed } = await (await io.engine()).images.prune({ all, ...filters });
    if (images.length > 0) io.print(`Deleted Images:\n${prunedImageLines(images).join('\n')}\n`);
    io.print(`Total reclaimed space: ${humanSize(reclaimed, 4)}`);
  },
});
