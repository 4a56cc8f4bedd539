// SPDX-License-Identifier: Apache-2.0
import { type Args, type Command, type OptionSpecs, UsageError } from './command';
import { findCommand, loadCommand, MANAGEMENT } from './commands';
import { ErrorPrinter } from './error-printer';
import { adoptSupervisor, type StartedSupervisor } from '../lib/binding/early-supervisor';
import { allOptions, readGlobalOptions } from './global-options';
import { type MainIo, makeIo } from './io';
import { parseOptions } from './parse-options';

/** The command that was run: the loader keeps its compiled code. */
export const ran = { command: 'help' };

/**
 * Runs one command line (without node and script) and returns the exit status. The only place that prints errors. The
 * loader may have started a `supervisor` program already.
 */
export async function main(argv: readonly string[], supervisor?: StartedSupervisor): Promise<number> {
  if (supervisor !== undefined) adoptSupervisor(supervisor);
  const errors = new ErrorPrinter();
  const io = makeIo(errors);
  try {
    const status = await dispatch(argv, io, errors);
    await io.close();
    return status;
  } catch (error) {
    const status = errors.print(error);
    await io.close().catch(() => undefined);
    return status;
  }
}

async function dispatch(argv: readonly string[], io: MainIo, errors: ErrorPrinter): Promise<number> {
  const { _: words, ...options } = readGlobalOptions(argv);
  takeGlobals(options, io, errors);
  if (options.version === true) return runCommand('version', ['--short'], io, errors);
  const [first, ...rest] = words;
  if (first !== undefined && first !== 'help') return runCommand(first, options.help === true ? ['--help'] : rest, io, errors);
  if (rest[0] !== undefined) {
    if (!Object.hasOwn(MANAGEMENT, rest[0]) && findCommand(rest[0]) === undefined) throw new UsageError(`unknown help topic: ${rest.join(' ')}`, 1);
    return runCommand(rest[0], [...rest.slice(1), '--help'], io, errors);
  }
  const { programHelp } = require('./help') as typeof import('./help');
  io.stdout.write(programHelp());
  return 0;
}

async function runCommand(word: string, argv: readonly string[], io: MainIo, errors: ErrorPrinter): Promise<number> {
  if (Object.hasOwn(MANAGEMENT, word)) return runManagement(word, argv, io, errors);
  const found = findCommand(word);
  if (found === undefined) throw new UsageError(`unknown command: dockerlite ${word}`, 1);
  const [name, entry] = found;
  errors.command = name;
  ran.command = name;
  const command = loadCommand(entry);
  const args = parseOptions(argv, allOptions(command), command.interspersed !== false);
  takeGlobals(args, io, errors);
  if (args['help'] === true && command.options['help'] === undefined) {
    ran.command = 'help';
    const { commandHelp } = require('./help') as typeof import('./help');
    io.stdout.write(await commandHelp(name, command));
    return 0;
  }
  checkOperands(name, command, args._.length);
  return (await command.run(args as Args<OptionSpecs>, io)) ?? 0;
}

/** `dockerlite container ls` and its like. */
async function runManagement(word: string, argv: readonly string[], io: MainIo, errors: ErrorPrinter): Promise<number> {
  errors.command = word;
  const [second, ...rest] = argv;
  if (second === undefined || second === '--help' || second === '-h') {
    const { managementHelp } = require('./help') as typeof import('./help');
    io.stdout.write(managementHelp(word));
    return 0;
  }
  const commands = MANAGEMENT[word]?.commands ?? {};
  const target = Object.hasOwn(commands, second) ? commands[second] : undefined;
  if (target === undefined) throw new UsageError(`unknown command: dockerlite ${word} ${second}`, 1);
  return runCommand(target[0] as string, [...target.slice(1), ...rest], io, errors);
}

function takeGlobals(options: Record<string, unknown>, io: MainIo, errors: ErrorPrinter): void {
  if (options['debug'] === true) errors.debug = true;
  if (typeof options['root'] === 'string') io.setRoot(options['root']);
}

function checkOperands(name: string, command: Command, count: number): void {
  const [least, most] = command.operands ?? [0, 0];
  if (count >= least && count <= most) return;
  throw new UsageError(`'dockerlite ${name}' ${expectedOperands(least, most)}`, 1);
}

function expectedOperands(least: number, most: number): string {
  const some = (count: number) => `${count} argument${count === 1 ? '' : 's'}`;
  if (most === 0) return 'accepts no arguments';
  if (least === most) return `requires ${some(least)}`;
  if (most === Infinity) return `requires at least ${some(least)}`;
  return least === 0 ? `accepts at most ${some(most)}` : `requires at least ${least} and at most ${some(most)}`;
}
