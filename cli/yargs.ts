// SPDX-License-Identifier: Apache-2.0
import yargs from 'yargs';
import type { Command } from './command';

/** A command's help as yargs lays it out, as wide as the terminal. */
export async function yargsHelp(name: string, command: Command): Promise<string> {
  const parser = yargs([])
    .scriptName('dockerlite')
    .usage(`Usage:  dockerlite ${name} ${command.usage}`.trimEnd() + `\n\n${command.describe}`)
    .help(false)
    .version(false)
    .wrap(Math.min(100, process.stdout.columns ?? 100));
  for (const [key, spec] of Object.entries(command.options)) {
    const { type, ...rest } = spec;
    parser.option(key, { ...rest, type: type === 'list' ? 'array' : type });
  }
  for (const [line, what] of command.examples ?? []) parser.example(`dockerlite ${line}`, what);
  return `${await parser.getHelp()}\n`;
}
