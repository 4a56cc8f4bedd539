// SPDX-License-Identifier: Apache-2.0
import { DockerliteError, ERROR_CODES } from '../lib/errors';
import { UsageError } from './command';
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
    if (error instanceof UsageError) text += `See '${['dockerlite', this.command].join(' ').trim()} --help'.\n`;
    const hint = (error as Partial<DockerliteError> | undefined)?.hint;
    if (hint !== undefined) text += `${hint}\n`;
    if (this.debug && error instanceof Error) text += `${stacks(error)}\n`;
    return text;
  }
}

/** Commands of two words end with 1, as Docker's do; `run` with what is no status of the command it was to run. */
function exitStatus(error: unknown, command: string): number {
  const runs = /^(container )?run$/.test(command);
  if (!runs && command.includes(' ') && !(error instanceof UsageError)) return 1;
  const status = (error as { exitStatus?: unknown } | undefined)?.exitStatus;
  const shown = typeof status === 'number' ? status : 1;
  return runs && error instanceof DockerliteError && ERROR_CODES[error.code].exit === 1 ? 125 : shown;
}

function stacks(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stacks(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
