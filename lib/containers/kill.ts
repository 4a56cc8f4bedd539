// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { recordContainerEvent } from './container-events';
import { type ContainerRow, specOf } from './record';
import { signalNumber } from '../util/signals';
import { isAllowed } from './state';
import { withSupervisor } from './supervise';
import { waitContainer } from './wait';

/** It was not frozen, and what was to be thawed has died of the signal already. */
function ignoreItsEnd(error: unknown): void {
  if (!(error instanceof DockerliteError) || !['E_SUPERVISOR', 'E_NOT_RUNNING'].includes(error.code)) throw error;
}

/**
 * Sends a signal; returns after SIGKILL when the container has ended. SIGKILL and the container's stop signal are a stop to
 * its restart policy. @throws E_NOT_RUNNING, E_INVALID
 */
export async function killContainer(context: Context, row: ContainerRow, signal: string | number): Promise<void> {
  const number = signalNumber(signal);
  const stops = number === constants.signals.SIGKILL || number === specOf(row).stopSignal;
  if (stops) rememberStop(context, row);
  await sendSignal(context, row, number, stops);
  if (number === constants.signals.SIGKILL) await waitContainer(context, row, {});
}

/** `unless-stopped` leaves it alone after a reboot. Before the signal, so that no crash comes in between. */
export function rememberStop({ store }: Context, row: ContainerRow): void {
  if (specOf(row).restart !== undefined) store.db.run('UPDATE containers SET stopped = 1 WHERE id = ?', row.id);
}

/** With `stops` the container is not started again when it ends. */
export async function sendSignal(context: Context, row: ContainerRow, number: number, stops: boolean): Promise<void> {
  if (!isAllowed('kill', row.state)) {
    throw new DockerliteError('E_CONFLICT', `Cannot kill container: ${row.id}: Container ${row.id} is not running`);
  }
  await withSupervisor(context, row, async (supervisor) => {
    // Before it, so that it comes before the end that it may bring.
    recordContainerEvent(context.store, row, 'kill', { signal: String(number) });
    await (stops ? supervisor.stopSignal(number) : supervisor.signal(number));
    // A frozen process dies only once it runs again, and whether it is frozen may have changed since the row was read.
    if (number === constants.signals.SIGKILL) await supervisor.thaw().catch(ignoreItsEnd);
  });
}
