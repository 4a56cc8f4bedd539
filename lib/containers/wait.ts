// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { type ContainerRow, containerById } from './record';
import { recordExit, settleRow } from './settle';
import { withSupervisor } from './supervise';

export interface ExitStatus {
  /** The process's own code, or 128 plus the signal that ended it. */
  exitCode: number;
  oomKilled: boolean;
}

/** Waits until the container has ended; one that never ran counts as not ended yet only while it starts. @throws E_ABORTED */
export async function waitContainer(context: Context, row: ContainerRow, options: { signal?: AbortSignal }): Promise<ExitStatus> {
  const { store } = context;
  for (let current: ContainerRow | undefined = row; ; ) {
    if (current === undefined) throw new DockerliteError('E_NO_SUCH_CONTAINER', `No such container: ${row.id}`);
    if (current.state === 'exited' || current.state === 'created') {
      return { exitCode: current.exit_code, oomKilled: current.oom_killed !== 0 };
    }
    options.signal?.throwIfAborted();
    const record = await withSupervisor(context, current, (supervisor) => supervisor.ended(options.signal)).catch(notReachable);
    if (record !== undefined) {
      const done = recordExit(store, current, record);
      return { exitCode: done.exit_code, oomKilled: done.oom_killed !== 0 };
    }
    await delay(5); // another process is starting or ending it: nothing to wait on but its row
    const again = containerById(store, row.id);
    current = again && (await settleRow(store, again));
  }
}

/** The supervisor went away between the look and the call: look again. */
function notReachable(error: unknown): undefined {
  if ((error as { code?: string }).code === 'E_NOT_RUNNING') return undefined;
  throw error;
}
