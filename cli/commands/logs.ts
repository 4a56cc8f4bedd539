// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { watchOutputClosed } from '../session/output-closed';
import { parseTime } from './time-option';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER',
  describe: 'Fetch the logs of a container',
  examples: [
    ['logs --tail 20 web', 'the last 20 lines'],
    ['logs -f --since 10m web', 'the last ten minutes, and what comes'],
  ],
  options: {
    details: { type: 'boolean', default: false, describe: "Show the labels and variables named by the container's log options" },
    follow: { type: 'boolean', alias: 'f', default: false, describe: 'Go on with what is written' },
    since: { type: 'string', value: 'TIME', describe: 'Only what is newer: 2026-01-02T13:23:37Z, or 42m for 42 minutes ago' },
    tail: { type: 'string', alias: 'n', value: 'LINES', default: 'all', describe: 'Only the last so many lines' },
    timestamps: { type: 'boolean', alias: 't', default: false, describe: 'Show when it was written' },
    until: { type: 'string', value: 'TIME', describe: 'Only what is older' },
  },
  operands: [1, 1],
  async run(args, io) {
    const now = Date.now();
    const [since, until] = [parseTime('since', args.since, now), parseTime('until', args.until, now)];
    const tail = parseTail(args.tail);
    const engine = await io.engine();
    const container = await engine.containers.get(args._[0] as string);
    const end = new AbortController();
    const stop = args.follow ? watchOutputClosed(1, () => end.abort()) : undefined;
    for await (const entry of container.logs({ follow: args.follow, since, until, tail, details: args.details, signal: end.signal })) {
      const output = entry.stream === 'stderr' ? io.stderr : io.stdout;
      output.write(`${args.timestamps ? `${fullTime(entry.time)} ` : ''}${args.details ? `${details(entry.attrs)} ` : ''}${entry.log}`);
    }
    stop?.();
  },
});

/** As Docker: anything that is no number, and any below zero, means all. */
function parseTail(text: string): number | undefined {
  return /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

/** With all nine digits, so that lines are aligned. */
function fullTime(time: string): string {
  const [seconds, fraction = ''] = time.replace(/Z$/, '').split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}Z`;
}

/** As Docker writes them, quoted as in a URL. */
function details(attributes: Record<string, string> = {}): string {
  const quoted = (text: string) => encodeURIComponent(text).replaceAll('%20', '+');
  return Object.entries(attributes).map(([key, value]) => `${quoted(key)}=${quoted(value)}`).sort().join(',');
}
