// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { DockerliteError } from '../errors';
import { checkShape, SIGNAL } from './shape';

/** The error of what its caller's signal has ended. */
export function aborted(signal: AbortSignal): DockerliteError {
  return new DockerliteError('E_ABORTED', 'the operation was aborted', { errno: constants.errno.ECANCELED, cause: signal.reason });
}

/** @throws E_ABORTED, and E_INVALID for what is no signal */
export function checkAborted(signal: AbortSignal | undefined): void {
  checkSignal(signal);
  if (signal?.aborted === true) throw aborted(signal);
}

/** @throws E_INVALID */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined) checkShape('signal', signal, SIGNAL);
}

/** The same promise, but that it rejects with E_ABORTED as soon as the signal says so. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(aborted(signal));
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** Calls back when the signal says so, at once when it has; until what is returned is called. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal?.aborted === true) callback();
  else signal?.addEventListener('abort', callback, { once: true });
  return () => signal?.removeEventListener('abort', callback);
}
