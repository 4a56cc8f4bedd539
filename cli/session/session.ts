// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { ReadStream } from 'node:tty';
import type { Writable } from 'node:stream';
import { isTerminal } from '../../lib/binding/terminal';
import type { AttachOptions } from '../../lib/containers/streams';
import type { Io } from '../io';
import { OutputClosed } from '../output/output';
import { DetachFilter } from './detach-keys';
import { watchOutputClosed } from './output-closed';
import { SignalProxy } from './signals';
import { currentSize, followSize, onDeadlySignal, RawTerminal } from './terminal';

export interface SessionOptions {
  /** The process in the container has a terminal. */
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  detachKeys: Buffer;
  /** Pass signals on; with a terminal they end this client, and the keys' signals are made in the container. */
  proxySignals: boolean;
}

/** The process in the container, as far as a session needs it: an Attachment or an ExecProcess. */
export interface SessionTarget {
  readonly stdin: Writable | null;
  resize(rows: number, columns: number): Promise<void>;
  signal(signal: number): Promise<void>;
  detach(): void;
}

/**
 * Connects this process's streams, terminal and signals to a process in a container, from before it starts until it has
 * ended or the user lets go of it. Output never passes through here: the supervisor writes to our own descriptors.
 */
export class Session {
  private readonly proxy: SignalProxy | undefined;
  private raw: RawTerminal | undefined;
  private readonly undo: (() => void)[] = [];
  /** stdin is a terminal: its keys pass through here. */
  private readonly typed: boolean;

  /** Checks, and begins to catch signals: the terminal is not touched yet. */
  constructor(private readonly options: SessionOptions) {
    if (options.tty && options.stdin && !isTerminal(0)) throw new NotATerminal();
    this.typed = options.stdin && isTerminal(0);
    this.proxy = options.proxySignals && !options.tty ? new SignalProxy() : undefined;
  }

  /** What to connect. */
  get attach(): AttachOptions {
    const { tty, stdin, stdout, stderr } = this.options;
    const fds: AttachOptions['fds'] = {};
    if (stdin && !this.typed) fds.stdin = 0;
    if (stdout) fds.stdout = 1;
    if (stderr && !tty) fds.stderr = 2;
    const size = tty ? currentSize() : undefined;
    return { stdin: this.typed, stdout: false, stderr: false, fds, ...size };
  }

  /** Raw mode, if the process gets what is typed. Call it right before the start. */
  begin(): void {
    if (this.options.tty && this.typed) this.raw = new RawTerminal(0);
  }

  /** Until the process has ended (its exit code) or the user lets go of it (0). */
  async follow(target: SessionTarget, exited: Promise<number>, io: Io): Promise<number> {
    const ends: Promise<number>[] = [exited];
    if (this.options.stdout) ends.push(this.outputClosed());
    if (this.options.tty) {
      this.undo.push(followSize((rows, columns) => target.resize(rows, columns)));
      ends.push(this.deadlySignal());
    }
    if (this.proxy !== undefined) {
      this.proxy.connect((signal) => target.signal(signal));
      ends.push(this.proxy.impatient.then(() => insisted(io)));
    }
    if (this.typed && target.stdin !== null) ends.push(this.typing(target.stdin).then(() => detached(io, this)));
    const status = await Promise.race(ends);
    target.detach();
    return status;
  }

  /** Gives everything back; safe to call twice. */
  end(): void {
    this.raw?.restore();
    this.proxy?.close();
    for (const step of this.undo.splice(0)) step();
  }

  /** Passes on what is typed; resolves when the detach keys were. */
  private typing(stdin: Writable): Promise<void> {
    const filter = new DetachFilter(this.options.tty ? this.options.detachKeys : Buffer.alloc(0));
    const keyboard = new ReadStream(0);
    this.undo.push(() => keyboard.destroy());
    // Whoever reads it may be gone: its exit tells.
    stdin.on('error', () => undefined);
    return new Promise((resolve) => {
      keyboard.on('data', (data: Buffer) => {
        const { pass, detach } = filter.feed(data);
        if (pass.length > 0 && !stdin.write(pass)) {
          keyboard.pause();
          stdin.once('drain', () => keyboard.resume());
        }
        if (detach) resolve();
      });
      keyboard.on('end', () => stdin.end());
      keyboard.on('error', () => stdin.end());
    });
  }

  private outputClosed(): Promise<number> {
    return new Promise((_, reject) => this.undo.push(watchOutputClosed(1, () => reject(new OutputClosed()))));
  }

  private deadlySignal(): Promise<number> {
    return new Promise((resolve) => this.undo.push(onDeadlySignal((name) => resolve(128 + constants.signals[name]))));
  }
}

function detached(io: Io, session: Session): number {
  session.end();
  io.warn('read escape sequence');
  return 0;
}

function insisted(io: Io): number {
  io.warn('got 3 SIGTERM/SIGINTs, forcefully exiting');
  return 1;
}

/** Docker's status is 1, of `run` too. */
class NotATerminal extends Error {
  readonly exitStatus = 1;

  constructor() {
    super('the input device is not a TTY');
  }
}
