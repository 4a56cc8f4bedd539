// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { checkAborted } from '../util/aborted';
import type { ContainerRow } from './record';

/** How long a supervisor may say nothing: so long Docker waits for the end of what it has killed. */
export const PATIENCE_MS = 10_000;

/** A connection to a running container's supervisor. @throws E_NOT_RUNNING when nobody listens, E_SUPERVISOR when it does not answer, E_ABORTED */
export async function connectSupervisor({ store }: Pick<Context, 'store'>, row: ContainerRow, signal?: AbortSignal): Promise<SupervisorConnection> {
  for (const deadline = performance.now() + PATIENCE_MS; ; ) {
    try {
      return SupervisorConnection.connect(store.layout.controlSocket(row.id));
    } catch (cause) {
      // So many wait for it that no more can.
      if ((cause as DockerliteError).errno !== constants.errno.EAGAIN) throw new DockerliteError('E_NOT_RUNNING', `Container ${row.id} is not running`, { cause });
      if (performance.now() > deadline) throw new DockerliteError('E_SUPERVISOR', `The supervisor of container ${row.id} does not answer`, { cause, errno: constants.errno.EAGAIN });
    }
    checkAborted(signal);
    await delay(20);
  }
}

/** One request over a connection of its own. */
export async function withSupervisor<T>(
  context: Pick<Context, 'store'>,
  row: ContainerRow,
  request: (supervisor: SupervisorConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectSupervisor(context, row);
  try {
    return await request(connection);
  } finally {
    connection.close();
  }
}
