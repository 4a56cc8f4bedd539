// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Announced } from '../events/outbox';
import { announceContainerEvent, postContainerEvent } from './container-events';
import { type ContainerRow, containerById, specOf } from './record';
import { mergeLimits } from './resource-update';
import type { Resources } from './resources';
import { checkRestartPolicy, type RestartPolicy } from './restart-policy';
import type { ContainerSpec } from './spec';
import { isAllowed, requireState } from './state';
import { beforeUpdate, carryOutUpdate, stillUnfinished } from './update-running';

export interface UpdateOptions {
  /** Limits to change; those not named stay. */
  resources?: Partial<Resources>;
  /** `always`, `on-failure:3`, …, or the same as an object. */
  restart?: string | RestartPolicy;
}

interface Noted {
  warnings: string[];
  /** Of one that runs: it is still to be given what its row says. */
  announced?: Announced;
}

/**
 * Changes what a container was created with, while it runs too.
 * @returns what this machine cannot do, in Docker's words
 * @throws E_INVALID, and E_CONFLICT when it uses more than a limit would allow: then nothing is changed
 */
export async function updateContainer(context: Context, row: ContainerRow, options: UpdateOptions): Promise<string[]> {
  const { store } = context;
  requireState('update', row);
  const { warnings, announced } = store.db.transaction(() => note(context, row.id, options));
  if (announced !== undefined) await carryOutUpdate(context, row.id, announced);
  return warnings;
}

/** The row says what should be: it is changed first. */
function note({ store }: Context, id: string, options: UpdateOptions): Noted {
  const row = containerById(store, id);
  if (row === undefined) throw new DockerliteError('E_NO_SUCH_CONTAINER', `No such container: ${id}`);
  requireState('update', row);
  const spec = specOf(row);
  const restart = checkRestart(row, options.restart);
  const { resources, warnings } = mergeLimits(spec.resources, options.resources ?? {});
  const next: ContainerSpec = { ...spec, ...(resources && { resources }), ...(restart && { restart }) };
  const write = (written: ContainerSpec) => store.db.run('UPDATE containers SET spec = ? WHERE id = ?', JSON.stringify(written), id);
  if (!isAllowed('kill', row.state)) {
    write(next);
    postContainerEvent(store, row, 'update');
    return { warnings };
  }
  const announced = announceContainerEvent(store, row, 'update');
  write({ ...next, unfinished: { ...stillUnfinished(store, spec), [announced.id]: beforeUpdate(store, row, next) } });
  return { warnings, announced };
}

/** @throws E_INVALID, E_CONFLICT */
function checkRestart(row: ContainerRow, given: UpdateOptions['restart']): RestartPolicy | undefined {
  const restart = checkRestartPolicy(given);
  if (restart === undefined || restart.name === 'no' || !specOf(row).autoRemove) return restart;
  throw new DockerliteError('E_CONFLICT', `Cannot update container ${row.id}: Restart policy cannot be updated because AutoRemove is enabled for the container`);
}
