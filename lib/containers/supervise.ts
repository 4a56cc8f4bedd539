// SPDX-License-Identifier: Apache-2.0
import { SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { ContainerRow } from './record';

/** A connection to a running container's supervisor. @throws E_NOT_RUNNING when nobody listens */
export async function connectSupervisor(context: Pick<Context, 'store'>, row: ContainerRow): Promise<SupervisorConnection> {
  try {
    return SupervisorConnection.connect(context.store.layout.controlSocket(row.id));
  } catch (cause) {
    throw new DockerliteError('E_NOT_RUNNING', `Container ${row.id} is not running`, { cause });
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
