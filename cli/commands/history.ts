// SPDX-License-Identifier: Apache-2.0
import type { HistoryEntry } from '../../lib/images/history';
import { shortId } from '../../lib/util/id';
import { defineCommand } from '../command';
import { ago } from '../output/duration';
import { formatRows } from '../output/format';
import { humanSize } from '../output/size';

const STANDARD = 'table {{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}';
const HEADINGS = { Comment: 'COMMENT', CreatedAt: 'CREATED AT', CreatedBy: 'CREATED BY', CreatedSince: 'CREATED', ID: 'IMAGE', Size: 'SIZE' };
/** Columns of a command, as Docker cuts it. */
const LONGEST = 45;

export default defineCommand({
  usage: '[OPTIONS] IMAGE',
  describe: 'Show how an image came to be, newest step first',
  examples: [['history --no-trunc debian:12', 'with the commands in full']],
  options: {
    format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
    human: { type: 'boolean', alias: 'H', default: true, describe: 'Sizes and times for people' },
    'no-trunc': { type: 'boolean', default: false, describe: 'Show ids and commands in full' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show only ids' },
  },
  operands: [1, 1],
  async run({ format, human, quiet, _: [image], 'no-trunc': full }, io) {
    const { images } = await io.engine();
    const rows = (await images.history(image as string)).map((entry) => row(entry, human, full));
    io.stdout.write(formatRows(format, { standard: STANDARD, headings: HEADINGS, rows, ...(quiet && { quiet: 'ID' }) }));
  },
});

function rfc3339(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

function row({ id, created, createdBy, size, comment }: HistoryEntry, human: boolean, full: boolean) {
  const command = createdBy.replace(/\s+/g, ' ');
  return {
    Comment: comment,
    CreatedAt: rfc3339(created),
    CreatedBy: full || command.length <= LONGEST ? command : `${command.slice(0, LONGEST - 1)}…`,
    CreatedSince: human ? ago(created) : rfc3339(created),
    ID: id === '' ? '<missing>' : full ? `sha256:${id}` : shortId(id),
    Size: human ? humanSize(size) : String(size),
  };
}
