// SPDX-License-Identifier: Apache-2.0
import type { Command, OptionSpec } from './command';
import { COMMANDS, findCommand, type Group, MANAGEMENT } from './commands';
import { GLOBAL_OPTIONS } from './global-options';
import { aliases } from './parse-options';

const GROUPS: [Group, string][] = [
  ['common', 'Common Commands'],
  ['container', 'Container Commands'],
  ['image', 'Image Commands'],
  ['system', 'System Commands'],
  ['first-version', "The first dockerlite's commands"],
];

export function programHelp(): string {
  const sections = ['Usage:  dockerlite [OPTIONS] COMMAND\n\nContainers from btrfs snapshots, without a daemon\n'];
  for (const [group, title] of GROUPS) {
    const entries = Object.entries(COMMANDS).filter(([, entry]) => entry.group === group && entry.hidden !== true);
    if (entries.length > 0) sections.push(section(title, entries.map(([name, { summary }]) => [name, summary])));
    if (group === 'common') sections.push(section('Management Commands', Object.entries(MANAGEMENT).map(([name, { summary }]) => [name, summary])));
  }
  sections.push(section('Global Options', optionRows(GLOBAL_OPTIONS)));
  sections.push("Run 'dockerlite COMMAND --help' for more information on a command.\n");
  return sections.join('\n');
}

export function managementHelp(word: string): string {
  const { summary, commands } = MANAGEMENT[word] as (typeof MANAGEMENT)[string];
  const rows: [string, string][] = [];
  for (const [name, [target]] of Object.entries(commands)) {
    const found = findCommand(target as string);
    if (found !== undefined) rows.push([name, found[1].summary]);
  }
  return [
    `Usage:  dockerlite ${word} COMMAND\n\n${summary}\n`,
    section('Commands', rows.sort(([a], [b]) => (a < b ? -1 : 1))),
    `Run 'dockerlite ${word} COMMAND --help' for more information on a command.\n`,
  ].join('\n');
}

/** yargs lays it out: it is loaded for this alone, as it takes longer to load than most commands to run. */
export async function commandHelp(name: string, command: Command): Promise<string> {
  const { yargsHelp } = require('./yargs') as typeof import('./yargs');
  const help = await yargsHelp(name, command);
  const names = waysToSay(name);
  return names.length > 1 ? `${help}\nAliases:\n  ${names.join(', ')}\n` : help;
}

/** Every way to write a command's name, Docker's long form first. */
export function waysToSay(name: string): string[] {
  const ways = [`dockerlite ${name}`, ...(COMMANDS[name]?.aliases ?? []).map((alias) => `dockerlite ${alias}`)];
  for (const [word, { commands }] of Object.entries(MANAGEMENT)) {
    for (const [sub, target] of Object.entries(commands)) if (target[0] === name) ways.unshift(`dockerlite ${word} ${sub}`);
  }
  return [...new Set(ways)];
}

export function optionRows(specs: Readonly<Record<string, OptionSpec>>): [string, string][] {
  return Object.entries(specs)
    .filter(([, spec]) => spec.hidden !== true)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, spec]) => [flagOf(name, spec), spec.describe + defaultOf(spec)]);
}

function flagOf(name: string, spec: OptionSpec): string {
  const short = aliases(spec).find((alias) => alias.length === 1);
  const value = spec.value ?? { boolean: '', string: 'string', number: 'int', list: 'list' }[spec.type];
  return `${short === undefined ? '    ' : `-${short}, `}--${name} ${value}`.trimEnd();
}

function defaultOf(spec: OptionSpec): string {
  if (spec.type === 'list' || spec.default === undefined || spec.default === false || spec.default === '') return '';
  return ` (default ${JSON.stringify(spec.default)})`;
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(32, Math.max(...rows.map(([left]) => left.length)));
  const lines = rows.map(([left, right]) => {
    const gap = left.length > width ? `\n${' '.repeat(width + 5)}` : ' '.repeat(width - left.length + 3);
    return `  ${left}${gap}${right}`.trimEnd();
  });
  return `${title}:\n${lines.join('\n')}\n`;
}
