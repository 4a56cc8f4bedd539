// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { checkAborted } from '../util/aborted';
import { atWork, currentOwner } from '../util/owner';
import { discardContainer } from './discard';
import { ignoreItsEnd, killContainer } from './kill';
import type { ContainerRow } from './record';
import { settledRow } from './settle';
import { isAllowed, requireState } from './state';

export interface RemoveOptions {
  /** Kill it first when it runs. */
  force?: boolean;
  /** Remove the volumes too that were made for it alone and have no name; default as it was created (--rm). */
  volumes?: boolean;
  /** Ends waiting for its end, of which it has been told then: it is not removed. Once its removal has begun that is finished. */
  signal?: AbortSignal;
}

/**
 * Removes a container, its files and its name; does `also` in the transaction that begins that.
 * @throws E_CONFLICT while it runs, without `force`, and while another process removes it; E_ABORTED
 */
export async function removeContainer(context: Context, row: ContainerRow, options: RemoveOptions, also?: () => void): Promise<void> {
  const { store } = context;
  const { signal, volumes } = options;
  for (let current: ContainerRow | undefined = row; current !== undefined; current = await settledRow(store, row.id)) {
    checkAborted(signal);
    if (claim(store, current, also)) return atWork([row.id], () => discardContainer(store, row, volumes === undefined ? {} : { volumes }));
    if (current.state === 'removing') throw alreadyRemoved(row);
    if (options.force !== true) requireState('remove', current);
    // Somebody may start it again as soon as it has ended: then that run is ended too.
    if (!isAllowed('remove', current.state)) await endIt(context, current, signal);
  }
  // Who asks for its end has it; who removes what has ended is told that somebody else did.
  if (options.force !== true) throw alreadyRemoved(row);
}

function alreadyRemoved({ id }: ContainerRow): DockerliteError {
  return new DockerliteError('E_CONFLICT', `removal of container ${id} is already in progress`);
}

/** It is this process's to remove, and nobody's to start, from here on. */
function claim({ db }: Store, { id, state }: ContainerRow, also: (() => void) | undefined): boolean {
  if (!isAllowed('remove', state)) return false;
  const claimed = () => db.run("UPDATE containers SET state = 'removing', owner = ? WHERE id = ? AND state IN ('created', 'exited')", currentOwner(), id) > 0;
  if (also === undefined) return claimed();
  return db.transaction(() => {
    const own = claimed();
    if (own) also();
    return own;
  });
}

async function endIt(context: Context, row: ContainerRow, signal: AbortSignal | undefined): Promise<void> {
  try {
    await killContainer(context, row, 'SIGKILL', { abortSignal: signal });
  } catch (error) {
    ignoreItsEnd(error);
    await delay(5); // another process is starting or ending it
  }
}
