// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { DockerliteError, type ErrorCode } from '../errors';

const { errno } = constants;

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [errno.ENOSPC, 'E_NO_SPACE'],
  [errno.EDQUOT, 'E_NO_SPACE'],
  [errno.EPERM, 'E_PERMISSION'],
  [errno.EACCES, 'E_PERMISSION'],
  [errno.ENOENT, 'E_NOT_FOUND'],
  [errno.EEXIST, 'E_CONFLICT'],
  [errno.ENOTTY, 'E_UNSUPPORTED'],
  [errno.EOPNOTSUPP, 'E_UNSUPPORTED'],
  [errno.ECANCELED, 'E_ABORTED'],
]);

const HINTS: Partial<Record<ErrorCode, string>> = {
  E_NO_SPACE: 'free some space on the file system of the store, or use a larger one',
  E_PERMISSION: 'run as root',
};

interface SystemFields {
  errno?: unknown;
  syscall?: unknown;
  path?: unknown;
}

/** What an addon or node:fs says of a failed system call as this package's error; anything else as it is. */
export function systemError(error: unknown): unknown {
  if (error instanceof DockerliteError || !(error instanceof Error)) return error;
  const { errno: given, syscall, path } = error as SystemFields;
  if (typeof given !== 'number') return error;
  const number = Math.abs(given); // Node's own are negative
  const code = CODES.get(number) ?? 'E_SYSTEM';
  return new DockerliteError(code, error.message, {
    errno: number,
    syscall: typeof syscall === 'string' ? syscall : undefined,
    path: typeof path === 'string' ? path : undefined,
    // root who is refused needs another hint than this one
    hint: code === 'E_PERMISSION' && process.geteuid?.() === 0 ? undefined : HINTS[code],
    cause: error,
  });
}
