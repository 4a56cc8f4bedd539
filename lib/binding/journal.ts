// SPDX-License-Identifier: Apache-2.0
import { loadAddon } from './load';
import { wrapNativeError } from './native-error';

export interface JournalRotation {
  /** Bytes after which the file is to be rotated; default 4 MiB. */
  size?: number;
  /** Seconds that the file before it stays at least; default 10. */
  keep?: number;
}

/** A JSON object without its closing brace, completed by the present time: a line of the journal. */
export function timedEvent(event: string): string {
  return loadAddon('dockerlite').timedEvent(event);
}

/** Appends a line, given without its end. Takes microseconds. */
export function appendLine(path: string, line: string, rotation: JournalRotation = {}): void {
  try {
    loadAddon('dockerlite').appendLine(path, line, rotation);
  } catch (error) {
    throw wrapNativeError(error);
  }
}
