// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import type { Context } from '../context';
import { recordContainerEvent } from './container-events';
import { rememberStop, sendSignal } from './kill';
import { type ContainerRow, specOf } from './record';
import { isAllowed } from './state';
import { unpauseContainer } from './pause';
import { waitContainer } from './wait';
import { signalNumber } from '../util/signals';

const { SIGKILL } = constants.signals;

export interface StopOptions {
  /** Instead of the container's own stop signal. */
  signal?: string | number;
  /** Seconds until SIGKILL; the container's own by default, -1 for never. */
  timeout?: number;
}

/** Stop signal, SIGKILL after the timeout, and waits for the end. */
export async function stopContainer(context: Context, row: ContainerRow, options: StopOptions): Promise<void> {
  if (!isAllowed('stop', row.state)) return;
  signalNumber(options.signal ?? SIGKILL); // nothing is changed for one that does not exist
  rememberStop(context, row);
  await endContainer(context, row, options);
  recordContainerEvent(context.store, row, 'stop');
}

/** The same before the machine goes down: the user did not want it. */
export async function shutDownContainer(context: Context, row: ContainerRow): Promise<void> {
  await endContainer(context, row, {});
  recordContainerEvent(context.store, row, 'stop');
}

async function endContainer(context: Context, row: ContainerRow, options: StopOptions): Promise<void> {
  const spec = specOf(row);
  const timeout = options.timeout ?? spec.stopTimeout;
  const signal = signalNumber(options.signal ?? spec.stopSignal);
  await stopQuietly(context, row, signal);
  if (row.state === 'paused') await unpauseContainer(context, row);
  const patience = new AbortController();
  const timer = timeout < 0 ? undefined : setTimeout(() => patience.abort(), timeout * 1000);
  try {
    await waitContainer(context, row, { signal: patience.signal });
    return;
  } catch (error) {
    if (!patience.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  await stopQuietly(context, row, SIGKILL);
  await waitContainer(context, row, {});
}

/** That it ended first is what was wanted. */
async function stopQuietly(context: Context, row: ContainerRow, signal: number): Promise<void> {
  try {
    await sendSignal(context, row, signal, true);
  } catch (error) {
    // E_SUPERVISOR: it ended between the question and the answer.
    if (!['E_NOT_RUNNING', 'E_SUPERVISOR'].includes((error as { code?: string }).code ?? '')) throw error;
  }
}
