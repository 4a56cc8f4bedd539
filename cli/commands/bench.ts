// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { parseParts, PARTS, runBenchmarks } from '../../bench/run';
import { renderPlot } from '../../bench/plot';
import { renderReport } from '../../bench/table';
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS] [PART...]',
  describe: `Measure this machine, beside C programs that do the same\n\nParts: ${PARTS.join(', ')}; all but the last two by default. It makes a store of its own and removes it.`,
  examples: [
    ['bench', 'measure everything, in some minutes'],
    ['bench --quick lifecycle', 'only starting containers, with fewer rounds'],
    ['bench --plot figures.svg', 'draw the figures too'],
  ],
  options: {
    json: { type: 'boolean', default: false, describe: 'Print the figures as JSON' },
    plot: { type: 'string', value: 'FILE.svg', describe: 'Draw the figures into this file' },
    quick: { type: 'boolean', default: false, describe: 'Fewer rounds: less exact' },
  },
  operands: [0, PARTS.length],
  async run(args, io) {
    const parts = parseParts(args._);
    const report = await runBenchmarks({ root: io.root, quick: args.quick, parts, onPart: (part) => io.warn(`measuring ${part} ...`) });
    io.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report));
    if (args.plot !== undefined) writeFileSync(args.plot, renderPlot(report));
  },
});
