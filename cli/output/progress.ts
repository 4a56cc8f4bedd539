// SPDX-License-Identifier: Apache-2.0
import type { Output } from './output';
import { isatty } from 'node:tty';

/** One line that is written over while something takes long; silent where stderr is no terminal. */
export class Progress {
  private readonly visible: boolean;
  private last = 0;
  private shown = false;

  constructor(private readonly output: Output) {
    this.visible = isatty(output.fd);
  }

  /** At most ten times a second: a terminal is slower than a copy. */
  show(text: string): void {
    const now = Date.now();
    if (!this.visible || now - this.last < 100) return;
    this.last = now;
    this.shown = true;
    this.output.write(`\r\u001b[K${text}`);
  }

  /** Takes the line away. */
  done(): void {
    if (this.shown) this.output.write('\r\u001b[K');
    this.shown = false;
  }
}
