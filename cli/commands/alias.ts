// SPDX-License-Identifier: Apache-2.0
import { realpathSync } from 'node:fs';
import { defineCommand } from '../command';

export default defineCommand({
  usage: '',
  describe: 'Display a convenient alias to run dockerlite',
  examples: [['alias', 'show it; eval "$(dockerlite alias)" sets it in this shell']],
  options: {},
  async run(_args, io) {
    const program = realpathSync(process.argv[1] as string);
    // Two shells read it: the one that takes the alias, and again whenever it is used.
    const inner = /^[\w/.+-]+$/.test(program) ? program : quoted(program);
    io.print(`alias dl=${quoted(`sudo ${inner}`)}`);
  },
});

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
