// SPDX-License-Identifier: Apache-2.0
import { isTerminal } from '../../lib/binding/terminal';
import { defineCommand } from '../command';
import { formatRows } from '../output/format';
import { STATS_HEADINGS, statsFields } from '../output/stats-row';
import { watchOutputClosed } from '../session/output-closed';

const STANDARD = 'table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}';

const HOME = '\u001b[H';
const CLEAR = `\u001b[2J${HOME}`;
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export default defineCommand({
  usage: '[OPTIONS] [CONTAINER...]',
  describe: 'Display a live stream of what containers use of the machine',
  examples: [
    ['stats', 'all that run, until you interrupt it'],
    ['stats --no-stream web db', 'two of them, once'],
    [`stats --format 'table {{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}'`, 'columns of your choice'],
  ],
  options: {
    all: { type: 'boolean', alias: 'a', default: false, describe: 'Show all containers, not just those that run' },
    format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
    'no-stream': { type: 'boolean', default: false, describe: 'Show it once' },
    'no-trunc': { type: 'boolean', default: false, describe: 'Show ids in full' },
  },
  operands: [0, Infinity],
  async run({ all, format, 'no-stream': once, 'no-trunc': full, _: words }, io) {
    const layout = { standard: STANDARD, headings: { ...STATS_HEADINGS } };
    formatRows(format, { ...layout, rows: [] }); // a template that is wrong is wrong at once
    const { containers } = await io.engine();
    const named = new Map<string, string>();
    for (const word of words) named.set((await containers.get(word)).id, word);
    const live = !once && isTerminal(1);
    if (live) io.stdout.write(CLEAR);
    const end = new AbortController();
    const stop = watchOutputClosed(1, () => end.abort());
    for await (const samples of containers.stats({ stream: !once, all, signal: end.signal, ...(words.length > 0 && { ids: [...named.keys()] }) })) {
      const rows = samples.map((sample) => statsFields(sample, full, named.get(sample.id)));
      const text = formatRows(format, { ...layout, rows });
      io.stdout.write(live ? `${HOME}${text.replaceAll('\n', `${CLEAR_LINE}\n`)}${CLEAR_BELOW}` : text);
      if (words.length > 0 && rows.length === 0) break; // all of them are gone
    }
    stop();
  },
});
