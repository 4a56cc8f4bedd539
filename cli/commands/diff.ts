// SPDX-License-Identifier: Apache-2.0
import type { Change } from '../../lib/containers/diff';
import { defineCommand } from '../command';
import { dockerChanges } from '../output/changes';
import { formatRows } from '../output/format';

const LETTERS = { added: 'A', changed: 'C', deleted: 'D', renamed: 'R' } as const;

export default defineCommand({
  usage: '[OPTIONS] CONTAINER',
  describe: "Inspect changes to files or directories on a container's filesystem\n\nA: added, C: changed, D: deleted",
  examples: [
    ['diff work', 'what changed since its image'],
    ['diff --format json work', 'the changes alone, without the directories above them; a renamed file is R, with the path it came From'],
  ],
  options: {
    format: { type: 'string', value: 'TEMPLATE', describe: "'json', 'table TEMPLATE' or a Go template of .Type, .Path and .From" },
  },
  operands: [1, 1],
  async run({ format, _: [word = ''] }, io) {
    const { containers } = await io.engine();
    const container = await containers.get(word);
    const changes: Change[] = [];
    for await (const change of container.diff()) changes.push(change);
    if (format === undefined || format === '') {
      io.stdout.write(dockerChanges(changes).map(({ Type, Path }) => `${Type} ${printable(Path)}\n`).join(''));
      return;
    }
    const rows = changes.map(({ kind, path, from = '' }) => ({ Type: LETTERS[kind], Path: path, From: from }));
    const standard = 'table {{.Type}}\t{{.Path}}';
    io.stdout.write(formatRows(format, { standard, headings: { Type: 'CHANGE TYPE', Path: 'PATH', From: 'FROM' }, rows }));
  },
});

/** A file's name may hold anything: no line of its own, nothing a terminal obeys. */
function printable(path: string): string {
  // eslint-disable-next-line no-control-regex
  return path.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
