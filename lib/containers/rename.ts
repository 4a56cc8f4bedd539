// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { checkName } from './names';
import type { ContainerRow } from './record';

/** @throws E_INVALID, E_NAME_IN_USE */
export function renameContainer({ store }: Context, row: ContainerRow, wanted: string): void {
  const name = checkName(wanted);
  store.db.transaction(() => {
    const other = store.db.get<{ id: string }>('SELECT id FROM containers WHERE name = ?', name);
    if (other?.id === row.id) {
      throw new DockerliteError('E_INVALID', 'Renaming a container with the same name as its current name');
    }
    if (other !== undefined) {
      throw new DockerliteError(
        'E_NAME_IN_USE',
        `Conflict. The container name "/${name}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    }
    store.db.run('UPDATE containers SET name = ? WHERE id = ?', name, row.id);
  });
}
