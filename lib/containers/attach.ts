// SPDX-License-Identifier: Apache-2.0
import type { SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { checkAborted, onAbort, unlessAborted } from '../util/aborted';
import { recordContainerEvent } from './container-events';
import { type ContainerRow, specOf } from './record';
import { recordEnded } from './settle';
import { requireState } from './state';
import { type AttachOptions, makeStreams, type Streams } from './streams';
import { connectSupervisor } from './supervise';
import { exitCodeOf } from './exit-record';
import type { ExitStatus } from './wait';

export type { AttachOptions } from './streams';

/** A connection to a running container's streams. */
export interface Attachment extends Streams {
  /** Settles when the container has ended; rejects with E_SUPERVISOR when that cannot be known any more. */
  readonly exited: Promise<ExitStatus>;
  /** Tells the terminal its size. */
  resize(rows: number, columns: number): Promise<void>;
  signal(signal: number): Promise<void>;
  /** Lets go; the container runs on. */
  detach(): void;
}

/** @throws E_NOT_RUNNING */
export async function attachContainer(context: Context, row: ContainerRow, options: AttachOptions): Promise<Attachment> {
  if (row.state === 'created' || row.state === 'exited') {
    throw new DockerliteError('E_NOT_RUNNING', 'You cannot attach to a stopped container, start it first');
  }
  requireState('attach', row);
  checkAborted(options.signal);
  const ends = makeStreams(options, specOf(row).tty);
  const connection = await connectSupervisor(context, row).catch((error: unknown) => {
    ends.discard();
    throw error;
  });
  try {
    const done = connection.attach({ mask: ends.mask, fds: ends.fds, rows: options.rows, columns: options.columns });
    ends.sent();
    await unlessAborted(done, options.signal);
  } catch (error) {
    ends.discard();
    connection.close();
    throw error;
  }
  return makeAttachment(context, row, connection, ends.streams, options.signal);
}

/** Wraps a connection whose streams are set up already. */
export function makeAttachment(context: Context, row: ContainerRow, connection: SupervisorConnection, streams: Streams, abort?: AbortSignal): Attachment {
  const exited = connection.ended().then((record) => {
    // The row is brought up to date here, by whoever hears of the end first.
    if (!context.store.db.isClosed) recordEnded(context.store, row, record);
    connection.close();
    return { exitCode: exitCodeOf(record.status), oomKilled: record.oomKilled };
  });
  let attached = true;
  const detach = () => {
    if (attached) recordContainerEvent(context.store, row, 'detach');
    attached = false;
    connection.close();
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream?.destroy();
  };
  const forget = onAbort(abort, detach);
  const over = () => {
    attached = false;
    forget();
  };
  exited.catch(() => undefined).finally(over); // only who asks for it hears of a failure
  return {
    ...streams,
    exited,
    resize: (rows, columns) => connection.resize(rows, columns),
    signal: (signal) => connection.signal(signal),
    detach,
  };
}
