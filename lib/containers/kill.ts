// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { killRun } from './kill-run';
import { type ContainerRow, specOf } from './record';
import { checkAborted, unlessAborted } from '../util/aborted';
import { signalNumber } from '../util/signals';
import { isAllowed } from './state';
import { withSupervisor } from './supervise';

const { SIGKILL } = constants.signals;

export interface KillOptions {
  /** Ends waiting for the container's end; the signal has been sent then, unless this came before. */
  abortSignal?: AbortSignal;
}

/**
 * Sends a signal; returns after SIGKILL when the container has ended. SIGKILL and the container's stop signal are a stop to
 * its restart policy. @throws E_NOT_RUNNING, E_INVALID, E_ABORTED
 */
export async function killContainer(context: Context, row: ContainerRow, signal: string | number, { abortSignal }: KillOptions = {}): Promise<void> {
  checkAborted(abortSignal);
  const number = signalNumber(signal);
  const stops = number === SIGKILL || number === specOf(row).stopSignal;
  if (!isAllowed('kill', row.state)) {
    throw new DockerliteError('E_CONFLICT', `Cannot kill container: ${row.name}: Container ${row.id} is not running`);
  }
  if (stops) rememberStop(context, row);
  await withSupervisor(context, row, async (supervisor) => {
    if (number !== SIGKILL) return unlessAborted(stops ? supervisor.stopSignal(number) : supervisor.signal(number), abortSignal);
    if (await killRun(context, row, supervisor, { signal: abortSignal, refused: rethrow })) return;
    throw new DockerliteError('E_SUPERVISOR', `Cannot kill container: ${row.name}: its supervisor does not answer`);
  });
}

function rethrow(error: unknown): never {
  throw error;
}

/** `unless-stopped` leaves it alone after a reboot. Before the signal, so that no crash comes in between. */
export function rememberStop({ store }: Context, row: ContainerRow): void {
  if (specOf(row).restart !== undefined) store.db.run('UPDATE containers SET stopped = 1 WHERE id = ?', row.id);
}

/** For who wants it to end: it has, between the question and the answer. A refusal has a number. */
export function ignoreItsEnd(error: unknown): undefined {
  const { code, errno } = error as Partial<DockerliteError>;
  if (code !== 'E_NOT_RUNNING' && (code !== 'E_SUPERVISOR' || errno !== undefined)) throw error;
}
