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

interface NativeFields {
  errno?: unknown;
  syscall?: unknown;
  path?: unknown;
}

/** The error that callers outside lib/binding see of a native failure. One that is a DockerliteError already stays as it is. */
export function wrapNativeError(error: unknown): DockerliteError {
  if (error instanceof DockerliteError) return error;
  if (!(error instanceof Error)) return new DockerliteError('E_SYSTEM', String(error), { cause: error });
  const { errno: number, syscall, path } = error as NativeFields;
  const code = (typeof number === 'number' ? CODES.get(number) : undefined) ?? 'E_SYSTEM';
  return new DockerliteError(code, error.message, {
    errno: typeof number === 'number' ? number : undefined,
    syscall: typeof syscall === 'string' ? syscall : undefined,
    path: typeof path === 'string' ? path : undefined,
    // root who is refused needs another hint than this one
    hint: code === 'E_PERMISSION' && process.geteuid?.() === 0 ? undefined : HINTS[code],
    cause: error,
  });
}

/** Settles like `promise`, with its failure wrapped. A wrong argument's TypeError is a mistake in lib/ and stays one. */
export async function native<T>(call: () => Promise<T>): Promise<T> {
  const promise = call();
  try {
    return await promise;
  } catch (error) {
    throw wrapNativeError(error);
  }
}
