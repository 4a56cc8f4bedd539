// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { GROUPS, parseParts, PARTS, runBenchmarks, USUAL } from '../../bench/run';
import { renderPlot } from '../../bench/plot';
import { renderReport } from '../../bench/table';
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS] [PART...]',
  describe: `Measure this machine, beside C programs that do the same\n\nParts: ${PARTS.join(', ')}; ${Object.entries(GROUPS).map(([name, parts]) => `${name} stands for the last ${parts.length}`).join(', ')}. By default the first ${USUAL.length}. It makes a store of its own and removes it.`,
  examples: [
    ['bench', 'measure everything, in some minutes'],
    ['bench --quick lifecycle', 'only starting containers, with fewer rounds'],
    ['bench images', 'pull, load, push, save beside the other programs that are installed'],
    ['bench --plot figures.svg', 'draw the figures too'],
  ],
  options: {
    'image-size': { type: 'number', value: 'MB', describe: 'Of the images that the parts about images move; default 300, of the one that is committed 2100' },
    json: { type: 'boolean', default: false, describe: 'Print the figures as JSON' },
    plot: { type: 'string', value: 'FILE.svg', describe: 'Draw the figures into this file' },
    quick: { type: 'boolean', default: false, describe: 'Fewer rounds: less exact' },
  },
  operands: [0, PARTS.length + Object.keys(GROUPS).length],
  async run(args, io) {
    const parts = parseParts(args._);
    const report = await runBenchmarks({ root: io.root, quick: args.quick, imageSize: args['image-size'], parts, onPart: (part) => io.warn(`measuring ${part} ...`) });
    io.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report));
    if (args.plot !== undefined) writeFileSync(args.plot, renderPlot(report));
  },
});
