// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import type { Ended, SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { checkAborted, onAbort, unlessAborted } from '../util/aborted';
import { randomId } from '../util/id';
import { exitCodeOf } from './exit-record';
import { execPayload } from './exec-payload';
import { type ContainerRow, specOf } from './record';
import { requireState } from './state';
import { type AttachOptions, makeStreams, type Streams } from './streams';
import { connectSupervisor, withSupervisor } from './supervise';

export interface ExecOptions {
  /** Streams to connect; none when `detach`. */
  attach?: AttachOptions;
  /** Leave it running and return; `attachExec` connects to it later. */
  detach?: boolean;
  /** With `detach`: keep its stdin open for who attaches. */
  openStdin?: boolean;
  tty?: boolean;
  /** Added to the container's own. */
  env?: string[];
  /** Default: the container's. */
  user?: string;
  workdir?: string;
  privileged?: boolean;
  /** Kills it, as in Node's spawn(); `exited` then rejects with E_ABORTED. With `detach` only until the command was exec'ed. */
  signal?: AbortSignal;
}

/** A command running in a container. */
export interface ExecProcess extends Streams {
  readonly id: string;
  /** In the host's pid namespace; 0 where it was attached to later. */
  readonly pid: number;
  /** Its exit code, or 128 plus the signal that ended it. */
  readonly exited: Promise<number>;
  resize(rows: number, columns: number): Promise<void>;
  signal(signal: number): Promise<void>;
  detach(): void;
}

/**
 * Runs a command in a running container; resolves when it has been exec'ed.
 * @throws E_NOT_RUNNING, E_CONFLICT (paused), E_COMMAND_NOT_FOUND, E_COMMAND_NOT_EXECUTABLE, E_INVALID
 */
export async function execInContainer(context: Context, row: ContainerRow, command: string[], options: ExecOptions): Promise<ExecProcess> {
  requireState('exec', row);
  checkAborted(options.signal);
  if (command.length === 0) throw new DockerliteError('E_INVALID', 'No exec command specified');
  const spec = specOf(row);
  const tty = options.tty === true;
  const attach: AttachOptions = options.detach === true ? { stdout: false, stderr: false } : (options.attach ?? {});
  const { rows, columns } = attach;
  const payload = await execPayload(context.store, row, spec, command, { ...options, rows, columns });
  const ends = makeStreams(attach, tty);
  const connection = await connectSupervisor(context, row).catch((error: unknown) => {
    ends.discard();
    throw error;
  });
  try {
    const id = randomId();
    const openStdin = options.openStdin === true || attach.stdin === true || attach.fds?.stdin !== undefined;
    const request = { id, payload, tty, openStdin, privileged: options.privileged === true, mask: ends.mask, fds: ends.fds };
    const started = connection.exec(request);
    ends.sent();
    const { pid, exited } = await unlessKilled(connection, id, started, options.signal);
    if (options.detach === true) connection.unref();
    const kill = options.detach === true ? undefined : options.signal;
    return processOver(connection, { id, pid, exited: unlessAborted(exited, kill) }, ends.streams, { kill, detach: attach.signal });
  } catch (error) {
    ends.discard();
    if (options.signal?.aborted !== true) connection.close();
    throw error;
  }
}

/** The connection is kept until it has been killed that was begun when the signal came. */
async function unlessKilled<T>(connection: SupervisorConnection, id: string, started: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await unlessAborted(started, signal);
  } catch (error) {
    if (signal?.aborted === true) void started.then(() => kill(connection, id), () => connection.close());
    throw error;
  }
}

/** It may have ended by itself. */
async function kill(connection: SupervisorConnection, id: string): Promise<void> {
  await connection.signal(constants.signals.SIGKILL, id).catch(() => undefined);
  connection.close();
}

/** Ids of the commands that run in a container beside its own. @throws E_NOT_RUNNING */
export async function runningExecs(context: Context, row: ContainerRow): Promise<string[]> {
  return withSupervisor(context, row, async (supervisor) => (await supervisor.status()).execIds);
}

/**
 * Connects to a command that `execInContainer` started, in this process or in another one, and that still runs.
 * @throws E_NOT_RUNNING (no such command runs)
 */
export async function attachExec(context: Context, row: ContainerRow, id: string, options: AttachOptions): Promise<ExecProcess> {
  requireState('attach', row);
  checkAborted(options.signal);
  const connection = await connectSupervisor(context, row);
  const ends = makeStreams(options, false);
  try {
    const { mask, fds } = ends;
    const done = connection.attach({ mask, fds, rows: options.rows, columns: options.columns, execId: id });
    ends.sent();
    await unlessAborted(done, options.signal);
    return processOver(connection, { id, pid: 0, exited: connection.execEnded(id) }, ends.streams, { detach: options.signal });
  } catch (error) {
    ends.discard();
    connection.close();
    const gone = (error as DockerliteError).code === 'E_NOT_RUNNING';
    throw gone ? new DockerliteError('E_NOT_RUNNING', `No such exec instance: ${id}`, { cause: error }) : error;
  }
}

function processOver(connection: SupervisorConnection, started: { id: string; pid: number; exited: Promise<Ended> }, streams: Streams, signals: { kill?: AbortSignal; detach?: AbortSignal }): ExecProcess {
  const { id, pid } = started;
  const exited = started.exited.then(({ status }) => {
    connection.close();
    return exitCodeOf(status);
  });
  const detach = () => {
    connection.close();
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream?.destroy();
  };
  const over = [onAbort(signals.detach, detach), onAbort(signals.kill, () => void kill(connection, id))];
  exited.catch(() => undefined).finally(() => over.forEach((end) => end())); // only who asks for it hears of a failure
  return {
    ...streams,
    id,
    pid,
    exited,
    resize: (rows, columns) => connection.resize(rows, columns, id),
    signal: (signal) => connection.signal(signal, id),
    detach,
  };
}
