// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { recordContainerEvent } from './container-events';
import { type ContainerRow, specOf } from './record';
import { changeLimits, mergeLimits } from './resource-update';
import type { Resources } from './resources';
import type { ContainerSpec } from './spec';
import { requireState } from './state';

export interface UpdateOptions {
  /** Limits to change; those not named stay. */
  resources?: Partial<Resources>;
}

/**
 * Changes what a container was created with, while it runs too.
 * @returns what this machine cannot do, in Docker's words
 * @throws E_INVALID, and E_CONFLICT when it uses more than a limit would allow: then nothing is changed
 */
export async function updateContainer({ store }: Context, row: ContainerRow, options: UpdateOptions): Promise<string[]> {
  requireState('update', row);
  const { resources, warnings } = mergeLimits(specOf(row).resources, options.resources ?? {});
  if (['starting', 'running', 'paused'].includes(row.state)) await changeLimits(row, specOf(row).resources, resources);
  store.db.transaction(() => {
    const current = store.db.get<Pick<ContainerRow, 'spec'>>('SELECT spec FROM containers WHERE id = ?', row.id);
    if (current === undefined) return;
    const spec: ContainerSpec = { ...(JSON.parse(current.spec) as ContainerSpec), ...(resources && { resources }) };
    store.db.run('UPDATE containers SET spec = ? WHERE id = ?', JSON.stringify(spec), row.id);
  });
  recordContainerEvent(store, row, 'update');
  return warnings;
}
