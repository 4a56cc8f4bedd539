// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { recordContainerEvent } from './container-events';
import type { ContainerRow } from './record';
import { signalNumber } from '../util/signals';
import { requireState } from './state';
import { withSupervisor } from './supervise';

/** It was not frozen, and what was to be thawed has died of the signal already. */
function ignoreItsEnd(error: unknown): void {
  if (!(error instanceof DockerliteError) || !['E_SUPERVISOR', 'E_NOT_RUNNING'].includes(error.code)) throw error;
}

/** Sends a signal to the container's init. @throws E_NOT_RUNNING, E_INVALID */
export async function killContainer(context: Context, row: ContainerRow, signal: string | number): Promise<void> {
  const number = signalNumber(signal);
  if (!['running', 'paused', 'starting'].includes(row.state)) {
    throw new DockerliteError('E_CONFLICT', `Cannot kill container: ${row.id}: Container ${row.id} is not running`);
  }
  requireState('kill', row);
  await withSupervisor(context, row, async (supervisor) => {
    // Before it, so that it comes before the end that it may bring.
    recordContainerEvent(context.store, row, 'kill', { signal: String(number) });
    await supervisor.signal(number);
    // A frozen process dies only once it runs again.
    if (row.state === 'paused' && number === 9) await supervisor.thaw().catch(ignoreItsEnd);
  });
}
