// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { postContainerEvent } from './container-events';
import { limitKeys } from './lxc-config';
import { type ContainerRow, specOf } from './record';
import { changeLimits, mergeLimits } from './resource-update';
import type { Resources } from './resources';
import { checkRestartPolicy, type RestartPolicy } from './restart-policy';
import type { ContainerSpec } from './spec';
import { isAllowed, requireState } from './state';
import { withSupervisor } from './supervise';

export interface UpdateOptions {
  /** Limits to change; those not named stay. */
  resources?: Partial<Resources>;
  /** `always`, `on-failure:3`, …, or the same as an object. */
  restart?: string | RestartPolicy;
}

/**
 * Changes what a container was created with, while it runs too.
 * @returns what this machine cannot do, in Docker's words
 * @throws E_INVALID, and E_CONFLICT when it uses more than a limit would allow: then nothing is changed
 */
export async function updateContainer(context: Context, row: ContainerRow, options: UpdateOptions): Promise<string[]> {
  const { store } = context;
  requireState('update', row);
  const restart = checkRestart(row, options.restart);
  const { resources, warnings } = mergeLimits(specOf(row).resources, options.resources ?? {});
  if (['starting', 'running', 'paused'].includes(row.state)) await changeLimits(row, specOf(row).resources, resources);
  store.db.transaction(() => {
    const current = store.db.get<Pick<ContainerRow, 'spec'>>('SELECT spec FROM containers WHERE id = ?', row.id);
    if (current === undefined) return;
    const spec: ContainerSpec = { ...(JSON.parse(current.spec) as ContainerSpec), ...(resources && { resources }), ...(restart && { restart }) };
    store.db.run('UPDATE containers SET spec = ? WHERE id = ?', JSON.stringify(spec), row.id);
    postContainerEvent(store, row, 'update');
  });
  const limits = resources && limitKeys({ resources });
  if (restart !== undefined || limits !== undefined) await tellSupervisor(context, row, restart, limits);
  return warnings;
}

/** @throws E_INVALID, E_CONFLICT */
function checkRestart(row: ContainerRow, given: UpdateOptions['restart']): RestartPolicy | undefined {
  const restart = checkRestartPolicy(given);
  if (restart === undefined || restart.name === 'no' || !specOf(row).autoRemove) return restart;
  throw new DockerliteError('E_CONFLICT', `Cannot update container ${row.id}: Restart policy cannot be updated because AutoRemove is enabled for the container`);
}

/** It may run the container again by itself. */
async function tellSupervisor(context: Context, row: ContainerRow, restart: RestartPolicy | undefined, limits: string[] | undefined): Promise<void> {
  if (!isAllowed('kill', row.state) || specOf(row).autoRemove) return;
  try {
    await withSupervisor(context, row, async (supervisor) => {
      if (restart !== undefined) await supervisor.setRestartPolicy(restart);
      if (limits !== undefined) await supervisor.setLimits(limits);
    });
  } catch (error) {
    // It has just ended, and starts with what is written down.
    if (!(error instanceof DockerliteError) || !['E_NOT_RUNNING', 'E_SUPERVISOR'].includes(error.code)) throw error;
  }
}
