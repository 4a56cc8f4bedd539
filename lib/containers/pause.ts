// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import type { SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { ContainerRow } from './record';
import { requireState } from './state';
import { withSupervisor } from './supervise';

/** Freezes every process of the container. @throws E_NOT_RUNNING, E_CONFLICT */
export async function pauseContainer(context: Context, row: ContainerRow): Promise<void> {
  requireState('pause', row);
  await ask(context, row, 'paused', (supervisor) => supervisor.freeze());
}

/** @throws E_NOT_RUNNING, E_CONFLICT (not paused) */
export async function unpauseContainer(context: Context, row: ContainerRow): Promise<void> {
  // One that is frozen behind its supervisor's back does not say so.
  if (row.state !== 'running') requireState('unpause', row);
  await ask(context, row, 'running', (supervisor) => supervisor.thaw());
}

/**
 * Whether it is paused its supervisor alone knows, notes (see live-state.ts) and tells: whenever this process is killed,
 * what was done is what everybody sees.
 */
async function ask(context: Context, row: ContainerRow, wanted: 'paused' | 'running', request: (supervisor: SupervisorConnection) => Promise<void>): Promise<void> {
  try {
    await withSupervisor(context, row, request);
  } catch (error) {
    // Another process has just done it.
    if (error instanceof DockerliteError && error.errno === constants.errno.EALREADY) requireState(wanted === 'paused' ? 'pause' : 'unpause', { ...row, state: wanted });
    throw error;
  }
}
