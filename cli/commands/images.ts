// SPDX-License-Identifier: Apache-2.0
import { defineCommand, UsageError } from '../command';
import { formatRows } from '../output/format';
import { IMAGE_HEADINGS, imageRows } from '../output/image-row';
import { formatImageTree } from '../output/image-tree';
import { parseFilters } from './filter-option';

const STANDARD = 'table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';
const WITH_DIGESTS = 'table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';

export default defineCommand({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  describe: 'List images',
  examples: [
    ['images', 'all of them, newest first'],
    ['images debian', 'all tags of one repository'],
    ['images --tree', 'each below the one it was made from'],
    ['images -q -f dangling=true', 'ids of the images without a name'],
  ],
  options: {
    all: { type: 'boolean', alias: 'a', describe: 'Accepted for compatibility: there are no intermediate images' },
    digests: { type: 'boolean', default: false, describe: 'Show digests' },
    filter: { type: 'list', alias: 'f', value: 'KEY=VALUE', describe: 'Show only what matches: dangling, label, reference, before, since' },
    format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
    'no-trunc': { type: 'boolean', default: false, describe: 'Show ids in full' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show only ids' },
    tree: { type: 'boolean', default: false, describe: 'Show what images are made of: below each those with all its layers, with what they add; U: in use by a container' },
  },
  operands: [0, 1],
  async run({ digests, filter, format, quiet, tree, _: [reference], 'no-trunc': full }, io) {
    if (tree) refuseWithTree({ quiet, 'no-trunc': full, digests, format: (format ?? '') !== '' });
    const filters = parseFilters(reference === undefined ? filter : [...filter, `reference=${reference}`]);
    const { images } = await io.engine();
    if (tree) return io.stdout.write(formatImageTree(await images.tree({ filters })));
    const rows = (await images.list({ filters })).flatMap((image) => imageRows(image, full));
    const standard = digests ? WITH_DIGESTS : STANDARD;
    io.stdout.write(formatRows(format, { standard, headings: { ...IMAGE_HEADINGS }, rows, ...(quiet && { quiet: 'ID' }) }));
  },
});

/** @throws UsageError in Docker's words */
function refuseWithTree(given: Record<string, boolean>): void {
  const option = Object.keys(given).find((name) => given[name]);
  if (option !== undefined) throw new UsageError(`--${option} is not yet supported with --tree`, 1);
}
