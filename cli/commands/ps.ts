// SPDX-License-Identifier: Apache-2.0
import type { ContainerSummary } from '../../lib/containers/list';
import type { Engine } from '../../lib/engine';
import { type Args, defineCommand, type OptionSpecs } from '../command';
import { CONTAINER_HEADINGS, ContainerRow } from '../output/container-row';
import { formatRows } from '../output/format';
import { parseFilters } from './filter-option';

const STANDARD = 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';

const OPTIONS = {
  all: { type: 'boolean', alias: 'a', default: false, describe: 'Show all containers, not just those that run' },
  filter: { type: 'list', alias: 'f', value: 'KEY=VALUE', describe: 'Show only what matches: id, name, status, label, ancestor, exited, health, volume, network, publish, expose, before, since' },
  format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
  last: { type: 'number', alias: 'n', value: 'N', default: -1, describe: 'Show the N containers created last, running or not' },
  latest: { type: 'boolean', alias: 'l', default: false, describe: 'Show the container created last, running or not' },
  'no-trunc': { type: 'boolean', default: false, describe: 'Show ids and commands in full' },
  quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show only ids' },
  size: { type: 'boolean', alias: 's', default: false, describe: 'Show what each has written, and that together with its image' },
} as const satisfies OptionSpecs;

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'List containers',
  examples: [
    ['ps', 'what runs'],
    ['ps -a -f status=exited', 'what has ended'],
    [`ps --format 'table {{.Names}}\\t{{.Status}}'`, 'columns of your choice'],
  ],
  options: OPTIONS,
  async run(args, io) {
    const filters = parseFilters(args.filter);
    const engine = await io.engine();
    const list = await select(engine, args, filters);
    const rows = eachRow(list, { full: args['no-trunc'] });
    io.stdout.write(formatRows(args.format, { standard: args.size ? `${STANDARD}\t{{.Size}}` : STANDARD, headings: { ...CONTAINER_HEADINGS }, rows, ...(args.quiet && { quiet: 'ID' }) }));
  },
});

/** One after the other: a thousand at once would be moved about by the garbage collector. */
function* eachRow(list: readonly ContainerSummary[], options: { full: boolean }): Iterable<ContainerRow> {
  for (const container of list) yield new ContainerRow(container, options);
}

/** The newest so many of those that pass the filters: Docker counts after filtering. */
async function select({ containers }: Engine, args: Args<typeof OPTIONS>, filters: Record<string, string[]>): Promise<ContainerSummary[]> {
  const last = args.latest && args.last <= 0 ? 1 : args.last;
  const size = args.size || /\{\{[^}]*\.Size\b/.test(args.format ?? '');
  const list = await containers.list({ all: args.all || last > 0, filters, size });
  return last > 0 ? list.slice(0, last) : list;
}
