// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context';
import { checkAborted, unlessAborted } from '../util/aborted';
import { recordLostStop } from './container-events';
import { ignoreItsEnd, rememberStop } from './kill';
import { killRun } from './kill-run';
import { type ContainerRow, specOf } from './record';
import { isAllowed } from './state';
import { connectSupervisor } from './supervise';
import { settledRow } from './settle';
import { waitForRun } from './wait';
import { signalNumber } from '../util/signals';

const { SIGKILL } = constants.signals;
/** A timer takes no more, and fires at once: who asks for that many days waits for ever. */
const LONGEST_MS = 2 ** 31 - 1;

export interface StopOptions {
  /** Instead of the container's own stop signal. */
  signal?: string | number;
  /** Seconds until SIGKILL; the container's own by default, -1 for never. */
  timeout?: number;
  /** Stops waiting, with E_ABORTED: the container has its stop signal, and is not killed. `signal` is that one. */
  abortSignal?: AbortSignal;
}

/** Stop signal, SIGKILL after the timeout, and waits for the end. Its supervisor tells of all three. */
export async function stopContainer(context: Context, row: ContainerRow, options: StopOptions): Promise<void> {
  if (!isAllowed('stop', row.state)) return;
  signalNumber(options.signal ?? SIGKILL); // nothing is changed for one that does not exist
  checkAborted(options.abortSignal);
  rememberStop(context, row);
  await endContainer(context, row, options);
}

/** The same before the machine goes down: the user did not want it. */
export async function shutDownContainer(context: Context, row: ContainerRow): Promise<void> {
  await endContainer(context, row, {});
}

async function endContainer(context: Context, row: ContainerRow, options: StopOptions): Promise<void> {
  for (let current: ContainerRow | undefined = row; current !== undefined && isAllowed('stop', current.state); ) {
    if (await endRun(context, current, options)) return;
    checkAborted(options.abortSignal);
    await delay(5); // another process is starting or ending it
    current = await settledRow(context.store, row.id);
  }
}

/** False when nobody listens, as it has ended or does not run yet, or does not listen any more. */
async function endRun(context: Context, row: ContainerRow, options: StopOptions): Promise<boolean> {
  const supervisor = await connectSupervisor(context, row, options.abortSignal).catch(ignoreItsEnd);
  if (supervisor === undefined) return false;
  const { stopSignal, stopTimeout } = specOf(row);
  try {
    // Waited for over this connection: by the time of another one somebody else may have started the container again.
    const stopped = supervisor.stopSignal(signalNumber(options.signal ?? stopSignal), { stop: true }).catch(ignoreItsEnd);
    const onLost = () => recordLostStop(context.store, row);
    const wait = (signal: AbortSignal) => unlessAborted(stopped, signal).then(() => waitForRun(context, row, supervisor, { signal, onLost }));
    const ended = await within(options.timeout ?? stopTimeout, options.abortSignal, wait);
    if (ended !== undefined) return ended;
    return await killRun(context, row, supervisor, { stop: true, signal: options.abortSignal, onLost, refused: ignoreItsEnd });
  } finally {
    supervisor.close();
  }
}

/** Undefined when it takes longer. */
async function within<T>(seconds: number, abort: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const patience = new AbortController();
  const timer = seconds < 0 || seconds * 1000 > LONGEST_MS ? undefined : setTimeout(() => patience.abort(), seconds * 1000);
  try {
    return await work(abort === undefined ? patience.signal : AbortSignal.any([patience.signal, abort]));
  } catch (error) {
    if (!patience.signal.aborted || abort?.aborted === true) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
