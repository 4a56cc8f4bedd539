// SPDX-License-Identifier: Apache-2.0
import type { Io } from './io';

interface OptionBase {
  /** One letter, or further long names. */
  alias?: string | string[];
  describe: string;
  /** What the help calls the value; by default the type. */
  value?: string;
  /** Not in the help. */
  hidden?: boolean;
}

/** One option, in the words yargs takes. `list` options may be given several times. */
export type OptionSpec =
  | (OptionBase & { type: 'boolean'; default?: boolean })
  | (OptionBase & { type: 'string'; default?: string; choices?: readonly string[] })
  | (OptionBase & { type: 'number'; default?: number })
  | (OptionBase & { type: 'list' });

export type OptionSpecs = Record<string, OptionSpec>;

type ValueOf<Spec extends OptionSpec> = Spec extends { type: 'boolean' }
  ? Spec extends { default: boolean }
    ? boolean
    : boolean | undefined
  : Spec extends { type: 'string' }
    ? Spec extends { default: string }
      ? string
      : string | undefined
    : Spec extends { type: 'number' }
      ? Spec extends { default: number }
        ? number
        : number | undefined
      : string[];

/** What the user gave: options by their long name, and the operands. An option not given is undefined or its default. */
export type Args<Specs extends OptionSpecs> = { [Name in keyof Specs]: ValueOf<Specs[Name]> } & { _: string[] };

export interface Command<Specs extends OptionSpecs = OptionSpecs> {
  /** What follows the name: "[OPTIONS] CONTAINER [CONTAINER...]". */
  usage: string;
  describe: string;
  /** Command line (without the program's name) and what it does. */
  examples?: readonly (readonly [string, string])[];
  options: Specs;
  /** How many operands: [at least, at most]; default none. */
  operands?: readonly [number, number];
  /** false: options end at the first operand, what follows is a command's own. */
  interspersed?: boolean;
  /** Exit status, 0 when nothing is returned. Failures are thrown. */
  run(args: Args<Specs>, io: Io): Promise<number | void>;
}

/** Lets TypeScript see the options' names and types in `run`. */
export function defineCommand<const Specs extends OptionSpecs>(command: Command<Specs>): Command<Specs> {
  return command;
}

/** A command line that cannot be understood: printed with the command's usage. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly exitStatus = 125,
  ) {
    super(message);
    this.name = 'UsageError';
  }
}
