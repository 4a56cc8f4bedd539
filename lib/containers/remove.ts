// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { atWork, currentOwner } from '../util/owner';
import { discardContainer } from './discard';
import { killContainer } from './kill';
import { type ContainerRow, containerById } from './record';
import { settleRow } from './settle';
import { isAllowed, requireState } from './state';
import { waitContainer } from './wait';

export interface RemoveOptions {
  /** Kill it first when it runs. */
  force?: boolean;
  /** Remove the volumes too that were made for it alone and have no name; default as it was created (--rm). */
  volumes?: boolean;
}

/**
 * Removes a container, its files and its name.
 * @throws E_CONFLICT while it runs, without `force`
 */
export async function removeContainer(context: Context, row: ContainerRow, options: RemoveOptions): Promise<void> {
  const { store } = context;
  let current: ContainerRow | undefined = row;
  if (!isAllowed('remove', row.state)) {
    if (options.force !== true) requireState('remove', row);
    await endIt(context, row);
    current = containerById(store, row.id);
    current = current && (await settleRow(store, current));
  }
  if (current === undefined) return;
  const claimed = store.db.run(
    "UPDATE containers SET state = 'removing', owner = ? WHERE id = ? AND state IN ('created', 'exited')",
    currentOwner(),
    row.id,
  );
  if (claimed === 0) throw new DockerliteError('E_CONFLICT', `removal of container ${row.id} is already in progress`);
  await atWork([row.id], () => discardContainer(store, row, options.volumes === undefined ? {} : { volumes: options.volumes }));
}

async function endIt(context: Context, row: ContainerRow): Promise<void> {
  try {
    await killContainer(context, row, 'SIGKILL');
    await waitContainer(context, row, {});
  } catch (error) {
    // It may have ended by itself in between; what is left to do is the same.
    const code = (error as DockerliteError).code;
    if (code !== 'E_NOT_RUNNING' && code !== 'E_NO_SUCH_CONTAINER') throw error;
  }
}
