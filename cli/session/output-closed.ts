// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { watchHangup } from '../../lib/binding/terminal';

/**
 * Calls back when nobody reads the pipe at `fd` any more (`dockerlite run … | head -1`): the container writes to it, not
 * we, so no SIGPIPE tells. Returns how to stop that.
 */
export function watchOutputClosed(fd: number, gone: () => void): () => void {
  if (!fstatSync(fd).isFIFO()) return () => undefined;
  let own: number;
  try {
    // A description of our own, as what is polled becomes non-blocking, and the pipe is shared with others.
    own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') gone();
    return () => undefined;
  }
  const stop = watchHangup(own, gone);
  return () => {
    stop();
    closeSync(own);
  };
}
