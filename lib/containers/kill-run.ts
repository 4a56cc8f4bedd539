// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import type { SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import type { Store } from '../store/store';
import { unlessAborted } from '../util/aborted';
import { processOf, startTime } from '../util/owner';
import { type ContainerRow, containerById } from './record';
import { PATIENCE_MS } from './supervise';
import { waitForRun } from './wait';

const { SIGKILL } = constants.signals;

export interface KillRunOptions {
  /** By `stop`: that is told when it has ended. */
  stop?: boolean;
  signal?: AbortSignal;
  onLost?: () => void;
  /** Of the request's failure, when the supervisor is not to be waited for because of that. @throws what is to be thrown */
  refused: (error: unknown) => void;
}

/**
 * Sends SIGKILL and waits for the end of this run, as `waitForRun` does. Nobody would hear of it from a supervisor that does not
 * answer any more, as it is stopped or hangs: that is killed then, and takes the container with it.
 */
export async function killRun(context: Context, row: ContainerRow, supervisor: SupervisorConnection, options: KillRunOptions): Promise<boolean> {
  let questions = 0;
  let killed = false;
  const ask = (request: Promise<unknown>) => {
    questions = 1;
    return request.finally(() => (questions = 0));
  };
  // Looks twice: when this process has been stopped too, the answer may be there and only has not been read.
  const look = () => {
    if (questions === 0) return void ask(supervisor.status()).catch(() => undefined);
    if (questions++ > 1) killed = endSupervisor(context.store, row) || killed;
  };
  const timer = setInterval(look, PATIENCE_MS / 2);
  try {
    await unlessAborted(ask(supervisor.stopSignal(SIGKILL, { stop: options.stop })), options.signal).catch((error: unknown) => killed || options.refused(error));
    return await waitForRun(context, row, supervisor, options);
  } finally {
    clearInterval(timer);
  }
}

/** Whoever looks next clears up after it. False when it is gone. */
function endSupervisor(store: Store, row: ContainerRow): boolean {
  const { state, owner } = containerById(store, row.id) ?? row;
  const supervisor = state === 'running' ? processOf(owner) : undefined;
  if (supervisor === undefined || startTime(supervisor.pid) !== supervisor.start) return false;
  process.kill(supervisor.pid, SIGKILL);
  return true;
}
