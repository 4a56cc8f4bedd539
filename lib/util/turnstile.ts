// SPDX-License-Identifier: Apache-2.0

/**
 * Lets work in one at a time, a turn of Node's event loop for each, and at most so many together. A caller who asks for
 * two hundred at once then holds up neither the loop nor, on a few processors, the ones that came first.
 */
export class Turnstile {
  private readonly waiting: (() => void)[] = [];
  private inside = 0;
  private opening = false;

  constructor(private readonly limit: number) {}

  /** Nobody is inside. */
  get idle(): boolean {
    return this.inside === 0;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.inside === 0 && this.waiting.length === 0) this.inside++;
    else await this.turn();
    try {
      return await work();
    } finally {
      this.inside--;
      this.open();
    }
  }

  private turn(): Promise<void> {
    const turn = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.open();
    return turn;
  }

  private open(): void {
    if (this.opening || this.waiting.length === 0 || this.inside >= this.limit) return;
    this.opening = true;
    setImmediate(() => {
      this.opening = false;
      this.inside++;
      this.waiting.shift()?.();
      this.open();
    });
  }
}
