// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../lib/errors';
import { UsageError } from './command';
import { findCommand, loadCommand } from './commands';
import { Output, OutputClosed } from './output/output';

/** What a shell shows for a program that a closed pipe ended. */
const STATUS_SIGPIPE = 141;

/** Turns what was thrown into one line on stderr and an exit status. */
export class ErrorPrinter {
  debug = process.env['DEBUG'] !== undefined && process.env['DEBUG'] !== '';
  /** The command being run, as its help is asked for. */
  command = '';

  print(error: unknown): number {
    if (error instanceof OutputClosed) return STATUS_SIGPIPE;
    try {
      new Output(2).write(this.describe(error));
    } catch {
      // Nobody listens any more.
    }
    return exitStatus(error, this.command);
  }

  private describe(error: unknown): string {
    let text = `dockerlite: ${error instanceof Error ? error.message : String(error)}\n`;
    if (error instanceof UsageError) text += this.whereToLook();
    const hint = (error as Partial<DockerliteError> | undefined)?.hint;
    if (hint !== undefined) text += `${hint}\n`;
    if (this.debug && error instanceof Error) text += `${stacks(error)}\n`;
    return text;
  }

  private whereToLook(): string {
    const entry = findCommand(this.command)?.[1];
    const words = ['dockerlite', this.command].join(' ').trim();
    const usage = entry === undefined ? '' : `Usage:  ${words} ${loadCommand(entry).usage}`.trimEnd() + '\n\n';
    return `\n${usage}Run '${words} --help' for more information\n`;
  }
}

/** In these, what a status says of the command in the container must not be said of dockerlite: Docker's is 125 there, and 1 elsewhere. */
const RUNS = ['run', 'runi'];
/** Nor elsewhere: the command is not there (127) or cannot be executed (126); the user interrupted it (130). */
const TELLING = [126, 127, 130];

function exitStatus(error: unknown, command: string): number {
  const { code, exitStatus: status } = error as { code?: unknown; exitStatus?: unknown };
  if (typeof status !== 'number') return 1;
  if (error instanceof UsageError || TELLING.includes(status)) return status;
  if (command === 'exec' && code === 'E_START_FAILED') return 126;
  if (!(error instanceof DockerliteError)) return status;
  return RUNS.includes(command) ? 125 : 1;
}

function stacks(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stacks(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
