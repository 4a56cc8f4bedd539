// SPDX-License-Identifier: Apache-2.0
import type { SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import { recordContainerEvent } from './container-events';
import { ignoreItsEnd } from './kill';
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
  setPaused(context, row, true); // an unpause that came in between has found nothing to thaw
  recordContainerEvent(context.store, row, 'pause');
}

/** @throws E_NOT_RUNNING, E_CONFLICT (not paused) */
export async function unpauseContainer(context: Context, row: ContainerRow): Promise<void> {
  // The row of a frozen container may say that it runs: pauses and unpauses at the same time, one of them killed, leave that.
  if (row.state !== 'running') requireState('unpause', row);
  await withSupervisor(context, row, async (supervisor) => {
    if (row.state === 'running' && !(await supervisor.status()).frozen) requireState('unpause', row);
    await supervisor.thaw();
    setPaused(context, row, false);
    if (await isFrozen(supervisor)) setPaused(context, row, true); // a pause came in between
  });
  recordContainerEvent(context.store, row, 'unpause');
}

async function isFrozen(supervisor: SupervisorConnection): Promise<boolean> {
  return (await supervisor.status().catch(ignoreItsEnd))?.frozen === true;
}

function setPaused({ store }: Context, row: ContainerRow, paused: boolean): void {
  const [from, to] = paused ? ['running', 'paused'] : ['paused', 'running'];
  store.db.run('UPDATE containers SET state = ? WHERE id = ? AND state = ?', to, row.id, from);
}
