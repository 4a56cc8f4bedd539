// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { formatRows } from '../output/format';
import { IMAGE_HEADINGS, imageRows } from '../output/image-row';
import { parseFilters } from './filter-option';

const STANDARD = 'table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';
const WITH_DIGESTS = 'table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}';

export default defineCommand({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  describe: 'List images',
  examples: [
    ['images', 'all of them, newest first'],
    ['images debian', 'all tags of one repository'],
    ['images -q -f dangling=true', 'ids of the images without a name'],
  ],
  options: {
    all: { type: 'boolean', alias: 'a', describe: 'Accepted for compatibility: there are no intermediate images' },
    digests: { type: 'boolean', default: false, describe: 'Show digests' },
    filter: { type: 'list', alias: 'f', value: 'KEY=VALUE', describe: 'Show only what matches: dangling, label, reference, before, since' },
    format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
    'no-trunc': { type: 'boolean', default: false, describe: 'Show ids in full' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show only ids' },
  },
  operands: [0, 1],
  async run({ digests, filter, format, quiet, _: [reference], 'no-trunc': full }, io) {
    const filters = parseFilters(reference === undefined ? filter : [...filter, `reference=${reference}`]);
    const { images } = await io.engine();
    const rows = (await images.list({ filters })).flatMap((image) => imageRows(image, full));
    const standard = digests ? WITH_DIGESTS : STANDARD;
    io.stdout.write(formatRows(format, { standard, headings: { ...IMAGE_HEADINGS }, rows, ...(quiet && { quiet: 'ID' }) }));
  },
});
