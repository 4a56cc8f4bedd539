// SPDX-License-Identifier: Apache-2.0
import { type FSWatcher, watch } from 'node:fs';

/** setTimeout takes no more. */
const LONGEST = 2 ** 31 - 1;

/** Wakes who waits when something in a directory changes: inotify, not polling. */
export class DirectoryWatch {
  private pending = false;
  private wake: (() => void) | undefined;
  private readonly watcher: FSWatcher;

  constructor(
    directory: string,
    private readonly signal?: AbortSignal,
  ) {
    this.watcher = watch(directory, this.notify);
    this.watcher.on('error', this.notify);
    signal?.addEventListener('abort', this.notify, { once: true });
  }

  /** Waits for a change since the last call, an abort, or so many milliseconds. */
  async next(patience = Infinity): Promise<void> {
    if (!this.pending) {
      await new Promise<void>((resolve) => {
        const timer = patience === Infinity ? undefined : setTimeout(resolve, Math.min(patience, LONGEST));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.pending = false;
  }

  close(): void {
    this.signal?.removeEventListener('abort', this.notify);
    this.watcher.close();
  }

  private readonly notify = (): void => {
    this.pending = true;
    this.wake?.();
  };
}
