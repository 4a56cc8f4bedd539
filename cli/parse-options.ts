// SPDX-License-Identifier: Apache-2.0
import { type OptionSpec, type OptionSpecs, UsageError } from './command';

/**
 * Reads a command line by the rules Docker's own parser (pflag) has, which yargs-parser can be configured to only in part:
 * `-it` is two flags but `-eK=V` is one with its value, a value may begin with a dash, `--rm=false` is a value but
 * `--rm false` is a flag and an operand, nothing is converted unless it is declared to be a number.
 */
export function parseOptions(argv: readonly string[], specs: OptionSpecs, interspersed = true): Record<string, unknown> & { _: string[] } {
  const names = nameTable(specs);
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const operands: string[] = [];
  for (const [name, spec] of Object.entries(specs)) values[name] = spec.type === 'list' ? [] : spec.default;

  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      operands.push(...rest.splice(0));
    } else if (word.startsWith('--')) {
      longOption(word, rest);
    } else if (word.startsWith('-') && word !== '-') {
      shortOptions(word, rest);
    } else {
      operands.push(word);
      if (!interspersed) operands.push(...rest.splice(0));
    }
  }
  return Object.assign(values, { _: operands });

  function longOption(word: string, following: string[]): void {
    const equals = word.indexOf('=');
    const written = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const name = written.length > 1 ? names.get(written) : undefined;
    if (name === undefined) throw new UsageError(`unknown flag: --${written}`);
    if (equals >= 0) return set(name, word.slice(equals + 1));
    if (specs[name]?.type === 'boolean') return set(name, 'true');
    const value = following.shift();
    if (value === undefined) throw new UsageError(`flag needs an argument: --${written}`);
    set(name, value);
  }

  function shortOptions(word: string, following: string[]): void {
    const letters = word.slice(1);
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i] as string;
      const name = names.get(letter);
      if (name === undefined) throw new UsageError(`unknown shorthand flag: '${letter}' in -${letters.slice(i)}`);
      const tail = letters.slice(i + 1);
      if (tail.startsWith('=')) return set(name, tail.slice(1));
      if (specs[name]?.type === 'boolean') {
        set(name, 'true');
        continue;
      }
      const value = tail === '' ? following.shift() : tail;
      if (value === undefined) throw new UsageError(`flag needs an argument: '${letter}' in -${letters.slice(i)}`);
      return set(name, value);
    }
  }

  function set(name: string, text: string): void {
    const spec = specs[name] as OptionSpec;
    if (spec.type === 'list') (values[name] as string[]).push(text);
    else values[name] = convert(name, spec, text);
  }
}

/** Every way to write an option, to its name in the table. */
function nameTable(specs: OptionSpecs): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, spec] of Object.entries(specs)) for (const written of [name, ...aliases(spec)]) names.set(written, name);
  return names;
}

export function aliases(spec: OptionSpec): string[] {
  return spec.alias === undefined ? [] : [spec.alias].flat();
}

/** The spellings Go's strconv.ParseBool takes. */
const BOOLEANS: Record<string, boolean> = {
  '1': true, t: true, T: true, true: true, TRUE: true, True: true,
  '0': false, f: false, F: false, false: false, FALSE: false, False: false,
};

function convert(name: string, spec: OptionSpec, text: string): unknown {
  if (spec.type === 'boolean') {
    const value = Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined;
    if (value === undefined) throw badValue(name, spec, text, 'not true or false');
    return value;
  }
  if (spec.type === 'number') {
    const value = /^[-+]?\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value)) throw badValue(name, spec, text, 'not a whole number');
    return value;
  }
  if (spec.type === 'string' && spec.choices !== undefined && !spec.choices.includes(text)) {
    throw badValue(name, spec, text, `must be one of ${spec.choices.join(', ')}`);
  }
  return text;
}

export function badValue(name: string, spec: OptionSpec, text: string, why: string): UsageError {
  const short = aliases(spec).find((alias) => alias.length === 1);
  const flag = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return new UsageError(`invalid argument ${JSON.stringify(text)} for "${flag}" flag: ${why}`);
}
