// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { aborted, checkAborted } from '../util/aborted';
import { loadAddon } from './load';
import { native } from './native-error';

/** Of jobs in dockerlite-archive: instead of a signal they take a number by which they can be cancelled and asked about. */
interface Addon {
  cancel(job: number): void;
  /** Bytes so far. */
  progress(job: number): number;
}

export interface Watched {
  signal?: AbortSignal;
  onProgress?: (bytes: number) => void;
}

export type WithJob<T> = Omit<T, keyof Watched> & { job?: number };

/** ms between two numbers. */
const TICK = 100;

/** What native code calls its errors where the archive or the stream is to blame. */
const OF_ARCHIVES = /^(?:unpack$|receive$|send stream$|archive_read)/;

const addon = () => loadAddon('dockerlite-archive') as unknown as Addon;

let lastJob = 0;

/**
 * Starts a job; `signal` stops it, `onProgress` hears how far it is.
 * @throws E_ABORTED, E_ARCHIVE for what is wrong with the archive
 */
export async function run<Options extends Watched, T>(
  options: Options,
  start: (options: Omit<Options, keyof Watched> & { job: number }) => Promise<T>,
): Promise<T> {
  const { signal, onProgress, ...rest } = options;
  checkAborted(signal);
  const job = (lastJob = (lastJob + 1) >>> 0);
  const cancel = () => addon().cancel(job);
  const ticker = onProgress && setInterval(() => onProgress(addon().progress(job)), TICK);
  try {
    return await native(() => {
      const promise = start({ ...rest, job });
      signal?.addEventListener('abort', cancel, { once: true });
      return promise;
    });
  } catch (error) {
    throw signal?.aborted ? aborted(signal) : ofArchive(error);
  } finally {
    signal?.removeEventListener('abort', cancel);
    clearInterval(ticker);
  }
}

/** What is wrong with the archive is the user's to mend, what is wrong with the system is not: tell them apart. */
function ofArchive(error: unknown): unknown {
  if (!(error instanceof DockerliteError)) return error;
  const { code, syscall, errno, path } = error;
  if (code === 'E_ABORTED' || (code === 'E_UNSUPPORTED' && syscall === 'receive') || !OF_ARCHIVES.test(syscall ?? '')) return error;
  return new DockerliteError('E_ARCHIVE', error.message, { syscall, errno, path, cause: error.cause });
}
