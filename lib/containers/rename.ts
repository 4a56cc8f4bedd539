// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { eventMembers, postContainerEvent } from './container-events';
import { tellSupervisor } from './connect';
import { checkName } from './names';
import { networkingOf } from './networking';
import { type ContainerRow, specOf } from './record';
import { isAllowed } from './state';
import { withSupervisor } from './supervise';

/** @throws E_INVALID, E_NAME_IN_USE */
export async function renameContainer(context: Context, row: ContainerRow, wanted: string): Promise<void> {
  const { store } = context;
  if (wanted === '') throw new DockerliteError('E_INVALID', 'Neither old nor new names may be empty');
  const name = checkName(wanted);
  const renamed = { ...row, name };
  store.db.transaction(() => {
    const other = store.db.get<{ id: string }>('SELECT id FROM containers WHERE name = ?', name);
    if (other?.id === row.id) {
      throw new DockerliteError('E_INVALID', 'Renaming a container with the same name as its current name');
    }
    if (other !== undefined) {
      throw new DockerliteError(
        'E_NAME_IN_USE',
        `Error when allocating new name: Conflict. The container name "/${name}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    }
    store.db.run('UPDATE containers SET name = ? WHERE id = ?', name, row.id);
    postContainerEvent(store, renamed, 'rename', { oldName: `/${row.name}` });
  });
  if (!isAllowed('kill', row.state)) return;
  // Its supervisor tells of its end under this name, and others find it by that. That it has just ended is no failure.
  await withSupervisor(context, row, (supervisor) => supervisor.setAttributes(eventMembers(renamed))).catch(() => undefined);
  if (networkingOf(specOf(row)).endpoints.length > 0) await tellSupervisor(context, row.id).catch(() => undefined);
}
