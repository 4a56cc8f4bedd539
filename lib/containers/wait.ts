// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { probeSockets, type SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { checkAborted } from '../util/aborted';
import type { ContainerRow } from './record';
import { recordEnded, settledRow } from './settle';
import { isAllowed } from './state';
import { connectSupervisor } from './supervise';

export interface ExitStatus {
  /** The process's own code, or 128 plus the signal that ended it. */
  exitCode: number;
  oomKilled: boolean;
}

/** Waits until the container has ended; one that never ran counts as not ended yet only while it starts. @throws E_ABORTED */
export async function waitContainer(context: Context, row: ContainerRow, options: { signal?: AbortSignal }): Promise<ExitStatus> {
  const { store } = context;
  for (let current: ContainerRow | undefined = row; ; ) {
    if (current === undefined) throw new DockerliteError('E_NO_SUCH_CONTAINER', `No such container: ${row.id}`);
    if (current.state === 'exited' || current.state === 'created') return statusOf(current);
    checkAborted(options.signal);
    const connection = await connectSupervisor(context, current).catch(notReachable);
    const status = connection && (await endOver(context, current, connection, options.signal));
    if (status !== undefined) return status;
    const { state }: ContainerRow = current;
    current = await settledRow(store, row.id);
    if (current?.state === state) await delay(5); // another process is starting or ending it: nothing to wait on but its row
  }
}

/** The same over the connection this process started it with; undefined when that does not tell. */
export async function waitForStarted(context: Context, id: string, options: { signal?: AbortSignal }): Promise<ExitStatus | undefined> {
  checkAborted(options.signal);
  const connection = context.launcher.takeConnection(id);
  return connection && endOver(context, { id, started: '' }, connection, options.signal);
}

/**
 * Waits until the run has ended whose supervisor this connection is to, and its row says so: whatever runs when somebody has
 * started the container again since is not waited for. False when the connection is lost and the run goes on; `onLost` is called when
 * it has ended without the supervisor's saying so.
 * @throws E_ABORTED
 */
export async function waitForRun({ store }: Context, row: ContainerRow, supervisor: SupervisorConnection, options: { signal?: AbortSignal; onLost?: () => void }): Promise<boolean> {
  const record = await supervisor.ended(options.signal).catch(notReachable);
  if (record !== undefined) recordEnded(store, row, record);
  if (record !== undefined) return true;
  const socket = store.layout.controlSocket(row.id);
  for (;;) {
    checkAborted(options.signal);
    const current = await settledRow(store, row.id);
    if (current === undefined || !isAllowed('kill', current.state)) {
      options.onLost?.();
      return true;
    }
    // Who listens now is the supervisor of another run, unless it is still the same.
    if (probeSockets([socket])[0] === true) return current.owner !== row.owner;
    await delay(5); // another process is ending it
  }
}

async function endOver(
  { store }: Context,
  row: Pick<ContainerRow, 'id' | 'started'>,
  connection: SupervisorConnection,
  signal?: AbortSignal,
): Promise<ExitStatus | undefined> {
  const record = await connection.ended(signal).catch(notReachable).finally(() => connection.close());
  return record && statusOf(recordEnded(store, row, record));
}

function statusOf(row: Pick<ContainerRow, 'exit_code' | 'oom_killed'>): ExitStatus {
  return { exitCode: row.exit_code, oomKilled: row.oom_killed !== 0 };
}

/** The supervisor is gone, or was before it could be asked: the row tells. */
function notReachable(error: unknown): undefined {
  const { code } = error as { code?: string };
  if (code === 'E_NOT_RUNNING' || code === 'E_SUPERVISOR') return undefined;
  throw error;
}
