// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { eventRenderer } from '../output/event-line';
import { watchOutputClosed } from '../session/output-closed';
import { parseTimestamp } from '../timestamp';
import { parseFilters } from './filter-option';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Get real time events from the store, whichever process makes them',
  examples: [
    ['events', 'what happens from now on'],
    ['events --since 10m --until 0s', 'what happened in the last ten minutes'],
    ['events -f type=container -f event=die', 'containers that end'],
    [`events --format '{{.Action}} {{.Actor.Attributes.name}}'`, 'the words of your choice'],
  ],
  options: {
    filter: { type: 'list', alias: 'f', value: 'KEY=VALUE', describe: 'Show only what matches: container, event, image, label, network, type, volume, …' },
    format: { type: 'string', value: 'TEMPLATE', describe: "'json' or a Go template" },
    since: { type: 'string', value: 'TIME', describe: 'Also what has happened since: 2026-01-02T13:23:37Z, or 42m for 42 minutes ago' },
    until: { type: 'string', value: 'TIME', describe: 'Only what happens until then' },
  },
  async run({ filter, format, since, until }, io) {
    const now = Date.now();
    const moment = (text: string | undefined) => (text === undefined || text === '' ? undefined : parseTimestamp(text, now));
    const options = { since: moment(since), until: moment(until), filters: parseFilters(filter) };
    const render = eventRenderer(format);
    const engine = await io.engine();
    const end = new AbortController();
    const stop = watchOutputClosed(1, () => end.abort());
    for await (const event of engine.events({ ...options, signal: end.signal })) io.print(render(event));
    stop();
  },
});
