// SPDX-License-Identifier: Apache-2.0
import { isTerminal, restoreTerminal, setRawTerminal, terminalSize } from '../../lib/binding/terminal';

/** Signals that would end this process with the terminal still raw. */
const DEADLY = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

export interface Size {
  rows: number;
  columns: number;
}

/** Size of the terminal the user looks at: stdout's, else stdin's; undefined without one. */
export function currentSize(): Size | undefined {
  const fd = [1, 0].find((one) => isTerminal(one));
  if (fd === undefined) return undefined;
  const size = terminalSize(fd);
  return size.rows > 0 && size.columns > 0 ? size : undefined;
}

/** The user's terminal in raw mode, until `restore`. */
export class RawTerminal {
  private saved: Buffer | undefined;
  private readonly onExit = () => this.restore();

  constructor(private readonly fd = 0) {
    this.saved = setRawTerminal(fd);
    process.on('exit', this.onExit);
  }

  /** Safe to call twice. */
  restore(): void {
    if (this.saved === undefined) return;
    try {
      restoreTerminal(this.fd, this.saved);
    } catch {
      // The terminal itself is gone.
    }
    this.saved = undefined;
    process.off('exit', this.onExit);
  }
}

/** Runs `end` when a signal asks this process to end; the result stops that. */
export function onDeadlySignal(end: (signal: NodeJS.Signals) => void): () => void {
  const listeners = DEADLY.map((name) => [name, () => end(name)] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
}

/** Tells the terminal in the container whenever the user's changes its size; the result stops that. */
export function followSize(resize: (rows: number, columns: number) => Promise<void>): () => void {
  const tell = () => {
    const size = currentSize();
    // It may have ended: nothing to resize any more.
    if (size !== undefined) resize(size.rows, size.columns).catch(() => undefined);
  };
  process.on('SIGWINCH', tell);
  return () => void process.off('SIGWINCH', tell);
}
