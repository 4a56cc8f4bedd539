// SPDX-License-Identifier: Apache-2.0
import { loadAddon } from './load';
import { wrapNativeError } from './native-error';

export interface JournalRotation {
  /** Bytes after which the file is to be rotated; default 4 MiB. */
  size?: number;
  /** Seconds that the file before it stays at least; default 10. */
  keep?: number;
}

/** Appends a JSON object without its closing brace, completed by the present time, as one line. Takes microseconds. */
export function appendEvent(path: string, event: string, rotation: JournalRotation = {}): void {
  try {
    loadAddon('dockerlite').appendEvent(path, event, rotation);
  } catch (error) {
    throw wrapNativeError(error);
  }
}
