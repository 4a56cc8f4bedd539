// SPDX-License-Identifier: Apache-2.0
import { loadAddon } from './load';

/** Raw mode as the program in the container expects it; the result is how the terminal was. */
export function setRawTerminal(fd: number): Buffer {
  return loadAddon('dockerlite').setRawTerminal(fd);
}

export function restoreTerminal(fd: number, state: Buffer): void {
  loadAddon('dockerlite').restoreTerminal(fd, state);
}

/** As isatty(3); Node's own needs its whole net module. */
export function isTerminal(fd: number): boolean {
  try {
    loadAddon('dockerlite').terminalSize(fd);
    return true;
  } catch (error) {
    if ((error as { errno?: unknown }).errno === undefined) throw error;
    return false;
  }
}

export function terminalSize(fd: number): { rows: number; columns: number } {
  return loadAddon('dockerlite').terminalSize(fd);
}

/** Calls back once when the other end of `fd`, which becomes non-blocking, is closed. The result stops it; it keeps nothing alive. */
export function watchHangup(fd: number, gone: () => void): () => void {
  return loadAddon('dockerlite').watchHangup(fd, gone);
}
