// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { systemError } from '../util/system-error';

/** The error that callers outside lib/binding see of a native failure. One that is a DockerliteError already stays as it is. */
export function wrapNativeError(error: unknown): DockerliteError {
  const known = systemError(error);
  if (known instanceof DockerliteError) return known;
  return new DockerliteError('E_SYSTEM', error instanceof Error ? error.message : String(error), { cause: error });
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
