// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';

/** Whoever read our output has gone: nothing is left to do but to end, without a word. */
export class OutputClosed extends Error {}

/**
 * Text to a standard stream, in order and written when `write` returns. Node's own process.stdout takes some milliseconds to
 * make and is asynchronous on pipes, so that ending early loses what it still holds.
 */
export class Output {
  constructor(readonly fd: 1 | 2) {}

  /** @throws OutputClosed */
  write(data: string | Uint8Array): void {
    let rest: Uint8Array = typeof data === 'string' ? Buffer.from(data) : data;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(this.fd, rest));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE') throw new OutputClosed();
        if (code !== 'EAGAIN') throw error;
        // A pipe that somebody made non-blocking is full: its reader needs a moment.
        Atomics.wait(PAUSE, 0, 0, 2);
      }
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
