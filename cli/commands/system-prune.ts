// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../../lib/engine';
import { defineCommand, UsageError } from '../command';
import { confirm } from '../confirm';
import { prunedImageLines } from '../output/image-row';
import { humanSize } from '../output/size';
import { PRUNE_OPTIONS, type PruneFilters, pruneFilters } from './prune-options';

interface Pruned {
  title: string;
  lines: string[];
  /** Bytes. */
  reclaimed: number;
}

/** One kind of thing that is removed: how the question calls it, and how it is done. In this order: what uses others goes first. */
interface Pruner {
  warning: string;
  prune(engine: Engine, filters: PruneFilters): Promise<Pruned>;
}

const CONTAINERS: Pruner = {
  warning: 'all stopped containers',
  async prune({ containers }, filters) {
    const { deleted, reclaimed } = await containers.prune(filters);
    return { title: 'Deleted Containers:', lines: deleted, reclaimed };
  },
};

const NETWORKS: Pruner = {
  warning: 'all networks not used by at least one container',
  async prune({ networks }, { until, filters: { label, 'label!': withoutLabel } }) {
    const lines = await networks.prune({ ...(label && { label }), ...(withoutLabel && { withoutLabel }), ...(until !== undefined && { until }) });
    return { title: 'Deleted Networks:', lines, reclaimed: 0 };
  },
};

const VOLUMES: Pruner = {
  warning: 'all anonymous volumes not used by at least one container',
  async prune({ volumes }, { filters }) {
    const removed = await volumes.prune({ filters });
    return { title: 'Deleted Volumes:', lines: removed.map(({ name }) => name), reclaimed: removed.reduce((sum, { size }) => sum + size, 0) };
  },
};

function imagePruner(all: boolean): Pruner {
  return {
    warning: all ? 'all images without at least one container associated to them' : 'all dangling images',
    async prune({ images }, filters) {
      const { images: removed, reclaimed } = await images.prune({ all, ...filters });
      return { title: 'Deleted Images:', lines: prunedImageLines(removed), reclaimed };
    },
  };
}

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Remove unused data',
  examples: [
    ['system prune', 'stopped containers and images without a name'],
    ['system prune -a --volumes -f', 'every image and nameless volume too that no container has, without a question'],
  ],
  options: {
    ...PRUNE_OPTIONS,
    all: { type: 'boolean', alias: 'a', default: false, describe: 'Remove all unused images, not just those without a name' },
    volumes: { type: 'boolean', default: false, describe: 'Remove anonymous volumes too' },
  },
  async run({ all, filter, force, volumes }, io) {
    const filters = pruneFilters(filter);
    if (volumes && filters.until !== undefined) throw new UsageError('ERROR: The "until" filter is not supported with "--volumes"', 1);
    const pruners = [CONTAINERS, NETWORKS, ...(volumes ? [VOLUMES] : []), imagePruner(all)];
    if (!force && !confirm(io, question(pruners, filter))) return;
    const engine = await io.engine();
    let reclaimed = 0;
    for (const pruner of pruners) {
      const { title, lines, reclaimed: bytes } = await pruner.prune(engine, filters);
      if (lines.length > 0) io.print(`${title}\n${lines.join('\n')}\n`);
      reclaimed += bytes;
    }
    io.print(`Total reclaimed space: ${humanSize(reclaimed, 4)}`);
  },
});

function question(pruners: readonly Pruner[], filter: readonly string[]): string {
  const lines = ['WARNING! This will remove:', ...pruners.map(({ warning }) => `  - ${warning}`), ''];
  // Docker's own way to show them.
  if (filter.length > 0) lines.push('  Items to be pruned will be filtered with:', ...filter.map((word) => `  - ${word.replace('=', '==').replace('!==', '!=')}`), '');
  return lines.join('\n');
}
