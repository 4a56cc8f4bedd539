// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { DockerliteError, type ErrorCode } from '../errors';
import { unlessAborted } from '../util/aborted';
import { takeSupervisor } from './early-supervisor';
import * as frames from './frames';
import { loadAddon, programPath } from './load';
import { wrapNativeError } from './native-error';
import { networkFields, type NetworkOrders } from './network-orders';
import type { NativeConnection, NativeProcess } from './types';

export type SupervisorState = Omit<Extract<frames.Message, { kind: 'state' }>, 'kind'>;

export interface StartRequest extends frames.StartOrders {
  /** In mask order; still the caller's to close afterwards. */
  fds?: number[];
}

export interface ExecRequest extends frames.ExecOrders {
  fds?: number[];
}

export interface Started {
  pid: number;
  supervisorPid: number;
  /** When that began: clock ticks since boot, proc_pid_stat(5). */
  supervisorStart: string | undefined;
  /** ns since the epoch. */
  startedAt: string;
  /** What was not done as asked, e.g. a limit above the host's own. */
  warnings: string[];
}

/** How a process ended; the fields of the exit record. */
export interface Ended {
  /** As waitpid(2) gives it. */
  status: number;
  startedAt: string;
  finishedAt: string;
  oomKilled: boolean;
  error: string;
  /** Its restart policy starts it again. */
  restarting?: boolean;
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function defer<T>(): Deferred<T> {
  let resolve!: (value: T) => void, reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => ((resolve = yes), (reject = no)));
  promise.catch(() => undefined); // only who asks for it hears of a failure
  return { promise, resolve, reject };
}

/** What this client knows of the container's init or of one of its execs. */
class Life {
  readonly started = defer<Started>();
  readonly ended = defer<Ended>();
  /** Output still goes to descriptors of this client. */
  attached: boolean;
  private end: Ended | undefined;
  private drained = false;
  private begun = false;

  constructor(mask: number) {
    this.attached = (mask & 6) !== 0;
  }

  get runs(): boolean {
    return this.begun && (this.end === undefined || this.end.restarting === true);
  }

  /** All that can be heard of it has been. */
  get isTold(): boolean {
    return this.begun && this.end !== undefined && (this.drained || !this.attached);
  }

  onStarted(message: Started): void {
    this.begun = true;
    this.started.resolve(message);
  }

  onExited(message: Extract<frames.Message, { kind: 'exited' }>): void {
    const { status, startedAt, finishedAt, oomKilled, restarting } = message;
    // Of a container that is started again the first end is the one that was waited for.
    this.end ??= { status, startedAt, finishedAt, oomKilled, restarting, error: '' };
    this.settle();
  }

  onDrained(): void {
    this.drained = true;
    this.settle();
  }

  fail(error: unknown): void {
    this.started.reject(error);
    // Output that cannot be waited for any more does not hide how it ended.
    if (this.end !== undefined) this.ended.resolve(this.end);
    else this.ended.reject(error);
  }

  private settle(): void {
    if (this.end !== undefined && (this.drained || !this.attached)) this.ended.resolve(this.end);
  }
}

const FAILURE_CODES: Partial<Record<number, ErrorCode>> = {
  [frames.FAILURE.notFound]: 'E_COMMAND_NOT_FOUND',
  [frames.FAILURE.notExecutable]: 'E_COMMAND_NOT_EXECUTABLE',
};

function failureOf(message: Extract<frames.Message, { kind: 'failed' }>): DockerliteError {
  const gone = message.failure === frames.FAILURE.engine && message.errno === constants.errno.ESRCH;
  const paused = message.execId !== '' && message.errno === constants.errno.EBUSY;
  const code = FAILURE_CODES[message.failure] ?? (gone ? 'E_NOT_RUNNING' : paused ? 'E_CONFLICT' : 'E_START_FAILED');
  return new DockerliteError(code, [message.message, ...message.lines].join(': '), { errno: message.errno });
}

function doneError(errno: number): DockerliteError {
  const names: [number, ErrorCode, string][] = [
    [constants.errno.ESRCH, 'E_NOT_RUNNING', 'the process is not running'],
    [constants.errno.ENOTTY, 'E_CONFLICT', 'the process has no terminal'],
    [constants.errno.EINVAL, 'E_INVALID', 'the supervisor refused an argument'],
  ];
  const known = names.find(([number]) => number === errno);
  return new DockerliteError(known?.[1] ?? 'E_SUPERVISOR', known?.[2] ?? `the supervisor answered with error ${errno}`, { errno });
}

/**
 * A client's connection to the supervisor of one container. It keeps Node alive until it is closed, by either side, or
 * `unref` is called.
 */
export class SupervisorConnection {
  /** Resolves when the connection is closed: by the supervisor when everything of the container is gone. */
  readonly closed: Promise<void>;
  private readonly onClosed = defer<void>();
  private readonly init: Life;
  private readonly execs = new Map<string, Life>();
  private readonly answers: Deferred<Extract<frames.Message, { kind: 'done' | 'state' }>>[] = [];
  private native: NativeConnection | undefined;
  private heard = false;

  private constructor(
    mask: number,
    open: (connection: SupervisorConnection) => NativeConnection,
  ) {
    this.closed = this.onClosed.promise;
    this.init = new Life(mask);
    this.native = open(this);
  }

  /** To the control socket of a running container. @throws DockerliteError when nobody listens there */
  static connect(path: string): SupervisorConnection {
    try {
      return new SupervisorConnection(0, (self) => loadAddon('dockerlite').connectSupervisor(path, self.onFrame, self.onClose));
    } catch (error) {
      throw wrapNativeError(error);
    }
  }

  /** The connection of a container that is about to be started; `fd` is the supervisor's end. */
  static make(mask: number): { connection: SupervisorConnection; fd: number } {
    let fd = -1;
    const connection = new SupervisorConnection(mask, (self) => {
      const pair = loadAddon('dockerlite').makeConnection(self.onFrame, self.onClose);
      fd = pair.fd;
      return pair.connection;
    });
    return { connection, fd };
  }

  /** The container's command was executed, and its end is not known. */
  get runs(): boolean {
    return this.init.runs;
  }

  /** For the client that started the container: settles when its command was executed, or could not be. */
  started(): Promise<Started> {
    return this.init.started.promise;
  }

  /** Settles when the container has ended and what it wrote has reached this client's descriptors. */
  ended(signal?: AbortSignal): Promise<Ended> {
    return unlessAborted(this.init.ended.promise, signal);
  }

  /** Starts a process in the container; settles when its command was executed. */
  async exec(request: ExecRequest): Promise<Started & { exited: Promise<Ended> }> {
    const life = new Life(request.mask ?? 0);
    this.execs.set(request.id, life);
    try {
      this.send(frames.FRAME.exec, frames.encodeExec(request), request.fds);
    } catch (error) {
      life.fail(error);
    }
    return { ...(await life.started.promise), exited: life.ended.promise };
  }

  async attach(request: { mask: number; fds: number[]; rows?: number; columns?: number; execId?: string }): Promise<void> {
    const id = request.execId;
    const life = id === undefined ? this.init : (this.execs.get(id) ?? new Life(0));
    if (id !== undefined) this.execs.set(id, life);
    life.attached ||= (request.mask & 6) !== 0;
    const numbers = { 1: request.mask, 2: request.rows, 3: request.columns };
    await this.ask(frames.FRAME.attach, frames.encodeRequest(numbers, id), request.fds);
  }

  /** How an exec this connection attached to ends. */
  execEnded(execId: string): Promise<Ended> {
    const life = this.execs.get(execId);
    if (life === undefined) throw new Error(`exec ${execId} is not of this connection`);
    return life.ended.promise;
  }

  async resize(rows: number, columns: number, execId?: string): Promise<void> {
    await this.ask(frames.FRAME.resize, frames.encodeRequest({ 2: rows, 3: columns }, execId));
  }

  async signal(number: number, execId?: string): Promise<void> {
    await this.ask(frames.FRAME.signal, frames.encodeRequest({ 1: number }, execId));
  }

  /** A signal with which the user ends the container: it is not started again. With `stop`, that is told when it has ended. */
  async stopSignal(number: number, { stop = false } = {}): Promise<void> {
    await this.ask(frames.FRAME.signal, frames.encodeRequest({ 1: number, 22: 1, ...(stop && { 32: 1 }) }));
  }

  async freeze(): Promise<void> {
    await this.ask(frames.FRAME.freeze, Buffer.alloc(0));
  }

  async thaw(): Promise<void> {
    await this.ask(frames.FRAME.thaw, Buffer.alloc(0));
  }

  /** What the container's events have from now on: the members of a JSON object. */
  async setAttributes(members: string): Promise<void> {
    await this.ask(frames.FRAME.attributes, frames.encodeFields([[31, members]]));
  }

  /** The networks of the running container have changed. */
  async setNetwork(orders: NetworkOrders): Promise<void> {
    await this.ask(frames.FRAME.network, frames.encodeFields(networkFields(orders)));
  }

  /** @throws E_SUPERVISOR for a container that goes when it ends */
  async setRestartPolicy(policy: frames.RestartOrders): Promise<void> {
    await this.ask(frames.FRAME.restartPolicy, frames.encodeFields(frames.restartFields(policy)));
  }

  /** Settings of liblxc, `key=value`, in the place of those with the same keys, for when it runs the container again. */
  async setLimits(settings: string[]): Promise<void> {
    await this.ask(frames.FRAME.limits, frames.encodeFields(settings.map((setting) => [60, setting])));
  }

  async status(): Promise<SupervisorState> {
    const { kind, ...state } = (await this.ask(frames.FRAME.status, Buffer.alloc(0))) as Extract<frames.Message, { kind: 'state' }>;
    if (kind !== 'state') throw new DockerliteError('E_SUPERVISOR', `the supervisor answered ${kind} to a question for its state`);
    return state;
  }

  unref(): void {
    this.native?.ref(false);
  }

  ref(): void {
    this.native?.ref(true);
  }

  /** Lets go of the container, which runs on. */
  close(): void {
    this.native?.close();
    this.finish(() => new DockerliteError('E_ABORTED', 'the connection to the supervisor was closed'));
  }

  private send(type: number, body: Buffer, fds: number[] = []): void {
    if (this.native === undefined) throw new DockerliteError('E_NOT_RUNNING', 'the connection to the supervisor is closed');
    try {
      this.native.send(type, body, fds);
    } catch (error) {
      throw wrapNativeError(error);
    }
  }

  /** Requests of one connection are answered in order. */
  private async ask(type: number, body: Buffer, fds?: number[]): Promise<Extract<frames.Message, { kind: 'done' | 'state' }>> {
    this.send(type, body, fds);
    const answer = defer<Extract<frames.Message, { kind: 'done' | 'state' }>>();
    this.answers.push(answer);
    const message = await answer.promise;
    if (message.kind === 'done' && message.errno !== 0) throw doneError(message.errno);
    return message;
  }

  private readonly onFrame = (type: number, body: Buffer, fds: number[]): void => {
    for (const fd of fds) closeFd(fd); // none are ever expected
    this.heard = true;
    let message: frames.Message | undefined;
    try {
      message = frames.decodeMessage(type, body);
    } catch (cause) {
      this.native?.close();
      return this.finish(() => new DockerliteError('E_SUPERVISOR', 'the supervisor sent a malformed frame', { cause }));
    }
    if (message !== undefined) this.handle(message);
  };

  private handle(message: frames.Message): void {
    if (message.kind === 'done' || message.kind === 'state') return this.answers.shift()?.resolve(message);
    const life = message.execId === '' ? this.init : this.execs.get(message.execId);
    if (life === undefined) return;
    if (message.kind === 'started') {
      const { pid, supervisorPid, supervisorStart, startedAt, warnings } = message;
      life.onStarted({ pid, supervisorPid, supervisorStart, startedAt, warnings });
    } else if (message.kind === 'failed') {
      life.fail(failureOf(message));
    } else if (message.kind === 'exited') {
      life.onExited(message);
    } else {
      life.onDrained();
    }
  }

  private readonly onClose = (error: Error | null): void => {
    const code: ErrorCode = this.heard || error !== null ? 'E_SUPERVISOR' : 'E_NOT_RUNNING';
    this.finish(() => new DockerliteError(code, 'the supervisor is gone', { cause: error ?? undefined }));
  };

  /** Most connections end when there is nothing left to be told: then the error, with its stack, is not even made. */
  private finish(reason: () => DockerliteError): void {
    if (this.native === undefined) return;
    this.native = undefined;
    const lives = [this.init, ...this.execs.values()].filter(({ isTold }) => !isTold);
    const answers = this.answers.splice(0);
    if (lives.length + answers.length > 0) {
      const error = reason();
      for (const life of lives) life.fail(error);
      for (const answer of answers) answer.reject(error);
    }
    this.onClosed.resolve();
  }
}

/** A supervisor program that waits for containers to start. It does not keep Node alive. */
export interface Spawner {
  readonly pid: number;
  /** Tells it that a start comes within milliseconds: some of the waiting in it can be done now. */
  prepare(): void;
  /** Sends the orders; `started()` of the connection tells what becomes of them. */
  start(request: StartRequest): SupervisorConnection;
  /** Leaves it alone, after a start that it `become`s itself. */
  release(): void;
  /** Ends it; the containers it started run on. */
  close(): void;
}

/** Starts the program and returns at once; `onGone` is called should it end by itself. */
export function spawnSupervisor(onGone: () => void): Spawner {
  const addon = loadAddon('dockerlite');
  let wanted = true;
  let native: NativeProcess;
  try {
    const gone = () => wanted && onGone();
    native = takeSupervisor(gone) ?? addon.spawnSupervisor(programPath('dockerlite-supervisor'), [], () => undefined, gone);
  } catch (error) {
    throw wrapNativeError(error);
  }
  native.ref(false);
  return {
    pid: native.pid,
    prepare: () => native.send(frames.FRAME.prepare, Buffer.alloc(0), []),
    start(request) {
      const { connection, fd } = SupervisorConnection.make(request.mask ?? 0);
      try {
        native.send(frames.FRAME.start, frames.encodeStart(request), [fd, ...(request.fds ?? [])]);
      } catch (error) {
        connection.close();
        throw wrapNativeError(error);
      } finally {
        addon.closeFd(fd);
      }
      return connection;
    },
    release: () => void (wanted = false),
    close() {
      wanted = false;
      native.close();
    },
  };
}

/** pipe2(2) with O_CLOEXEC: [read end, write end]. */
export function pipe(): [number, number] {
  try {
    return loadAddon('dockerlite').pipe();
  } catch (error) {
    throw wrapNativeError(error);
  }
}

export function closeFd(fd: number): void {
  loadAddon('dockerlite').closeFd(fd);
}

/** For each path: does somebody listen on this socket? */
export function probeSockets(paths: string[]): boolean[] {
  return loadAddon('dockerlite').probeSockets(paths);
}
