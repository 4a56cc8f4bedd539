// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';

/** What Docker passes on, without job control: Ctrl-Z stops the client, as it does every other program. */
const PROXIED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** So many requests to end, and the client ends, whatever the container does. */
const PATIENCE = 3;

/**
 * Collects the signals this process gets, from the moment it is made, and passes them to the container once that is there to
 * receive them.
 */
export class SignalProxy {
  /** Settles with a signal's name when the user insisted on ending. */
  readonly impatient: Promise<NodeJS.Signals>;
  private readonly listeners = new Map<NodeJS.Signals, () => void>();
  private readonly waiting: number[] = [];
  private send: ((signal: number) => Promise<void>) | undefined;
  private requests = 0;

  constructor() {
    let insist!: (signal: NodeJS.Signals) => void;
    this.impatient = new Promise((resolve) => (insist = resolve));
    for (const name of PROXIED) {
      const listener = () => {
        if ((name === 'SIGINT' || name === 'SIGTERM') && ++this.requests >= PATIENCE) insist(name);
        this.pass(constants.signals[name]);
      };
      this.listeners.set(name, listener);
      process.on(name, listener);
    }
  }

  /** From now on to `send`; what came before goes first. */
  connect(send: (signal: number) => Promise<void>): void {
    this.send = send;
    for (const signal of this.waiting.splice(0)) this.pass(signal);
  }

  close(): void {
    for (const [name, listener] of this.listeners) process.off(name, listener);
    this.listeners.clear();
  }

  private pass(signal: number): void {
    if (this.send === undefined) this.waiting.push(signal);
    // That it ended meanwhile is what the exit status will tell.
    else this.send(signal).catch(() => undefined);
  }
}
