// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { recordContainerEvent } from './container-events';
import type { ContainerRow } from './record';
import { requireState } from './state';
import { withSupervisor } from './supervise';

/** Freezes every process of the container. @throws E_NOT_RUNNING, E_CONFLICT */
export async function pauseContainer(context: Context, row: ContainerRow): Promise<void> {
  requireState('pause', row);
  await withSupervisor(context, row, (supervisor) => supervisor.freeze());
  context.store.db.run("UPDATE containers SET state = 'paused' WHERE id = ? AND state = 'running'", row.id);
  recordContainerEvent(context.store, row, 'pause');
}

export async function unpauseContainer(context: Context, row: ContainerRow): Promise<void> {
  requireState('unpause', row);
  await withSupervisor(context, row, (supervisor) => supervisor.thaw());
  context.store.db.run("UPDATE containers SET state = 'running' WHERE id = ? AND state = 'paused'", row.id);
  recordContainerEvent(context.store, row, 'unpause');
}
