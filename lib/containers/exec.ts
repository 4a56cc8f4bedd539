// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { randomId } from '../util/id';
import { recordContainerEvent } from './container-events';
import { exitCodeOf } from './exit-record';
import { execPayload } from './exec-payload';
import { type ContainerRow, specOf } from './record';
import { requireState } from './state';
import { type AttachOptions, makeStreams, type Streams } from './streams';
import { connectSupervisor } from './supervise';

export interface ExecOptions {
  /** Streams to connect; none when `detach`. */
  attach?: AttachOptions;
  /** Leave it running and return. */
  detach?: boolean;
  tty?: boolean;
  /** Added to the container's own. */
  env?: string[];
  /** Default: the container's. */
  user?: string;
  workdir?: string;
  privileged?: boolean;
}

/** A command running in a container. */
export interface ExecProcess extends Streams {
  readonly id: string;
  /** In the host's pid namespace. */
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
  if (command.length === 0 || command[0] === '') throw new DockerliteError('E_INVALID', 'No exec command specified');
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
    const openStdin = attach.stdin === true || attach.fds?.stdin !== undefined;
    const request = { id, payload, tty, openStdin, privileged: options.privileged === true, mask: ends.mask, fds: ends.fds };
    const line = command.join(' ');
    for (const action of ['exec_create', 'exec_start']) recordContainerEvent(context.store, row, `${action}: ${line}`, { execID: id });
    const started = connection.exec(request);
    ends.sent();
    const { pid, exited } = await started;
    const code = exited.then(({ status }) => {
      connection.close();
      return exitCodeOf(status);
    });
    code.catch(() => undefined);
    if (options.detach === true) connection.unref();
    return {
      ...ends.streams,
      id,
      pid,
      exited: code,
      resize: (rows, columns) => connection.resize(rows, columns, id),
      signal: (signal) => connection.signal(signal, id),
      detach: () => {
        connection.close();
        for (const stream of Object.values(ends.streams)) stream?.destroy();
      },
    };
  } catch (error) {
    ends.discard();
    connection.close();
    throw error;
  }
}
