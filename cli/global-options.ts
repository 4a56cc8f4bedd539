// SPDX-License-Identifier: Apache-2.0
import type { Args, Command, OptionSpecs } from './command';
import { aliases, parseOptions } from './parse-options';

/** Before the command's name. */
export const GLOBAL_OPTIONS = {
  debug: { type: 'boolean', alias: 'D', describe: 'Show where errors come from' },
  help: { type: 'boolean', alias: 'h', describe: 'Show this help' },
  root: { type: 'string', value: 'DIR', describe: 'The store; default $DOCKERLITE_ROOT, else /var/lib/dockerlite' },
  version: { type: 'boolean', alias: 'v', describe: 'Print the version' },
} as const satisfies OptionSpecs;

export type GlobalArgs = Args<typeof GLOBAL_OPTIONS>;

/** Options before the command's name; the rest is the command line of that command. */
export function readGlobalOptions(argv: readonly string[]): GlobalArgs {
  return parseOptions(argv, GLOBAL_OPTIONS, false) as GlobalArgs;
}

/** A command's own options, and those of every command where it does not have one of that name. */
export function allOptions(command: Command): OptionSpecs {
  const taken = new Set(Object.entries(command.options).flatMap(([name, spec]) => [name, ...aliases(spec)]));
  const specs: OptionSpecs = { ...command.options };
  for (const name of ['debug', 'help', 'root'] as const) {
    if (taken.has(name)) continue;
    const { alias, ...spec } = GLOBAL_OPTIONS[name] as OptionSpecs[string];
    const letter = name === 'help' && !taken.has('h') ? { alias: 'h' } : {};
    specs[name] = { ...spec, ...letter, hidden: true } as OptionSpecs[string];
  }
  return specs;
}
