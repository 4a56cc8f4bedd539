// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { recordContainerEvent } from './container-events';
import type { ContainerRow } from './record';
import { requireState } from './state';
import { withSupervisor } from './supervise';

/** Freezes every process of the container. @throws E_NOT_RUNNING, E_CONFLICT */
export async function pauseContainer(context: Context, row: ContainerRow): Promise<void> {
  requireState('pause', row);
  // The row first: one that says `paused` of a container that runs is put right by `unpause`, the other way round nobody
  // would know that it must be thawed before it can end.
  setPaused(context, row, true);
  try {
    await withSupervisor(context, row, (supervisor) => supervisor.freeze());
  } catch (error) {
    setPaused(context, row, false);
    throw error;
  }
  recordContainerEvent(context.store, row, 'pause');
}

export async function unpauseContainer(context: Context, row: ContainerRow): Promise<void> {
  requireState('unpause', row);
  await withSupervisor(context, row, (supervisor) => supervisor.thaw());
  setPaused(context, row, false);
  recordContainerEvent(context.store, row, 'unpause');
}

function setPaused({ store }: Context, row: ContainerRow, paused: boolean): void {
  const [from, to] = paused ? ['running', 'paused'] : ['paused', 'running'];
  store.db.run('UPDATE containers SET state = ? WHERE id = ? AND state = ?', to, row.id, from);
}
