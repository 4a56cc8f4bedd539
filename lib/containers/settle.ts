// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { hasAnnounced, tellPosted } from '../events/outbox';
import { releaseNetworking } from '../network/release';
import type { Store } from '../store/store';
import { atWork, currentOwner, isAtWork, ownerOf } from '../util/owner';
import type { Ended, SupervisorState } from '../binding/supervisor';
import { recordLostEnd } from './container-events';
import { discardContainer } from './discard';
import { type ExitRecord, exitCodeOf, readExitRecord } from './exit-record';
import { type ContainerRow, containerById } from './record';
import { clearRemains } from './remains';
import { type ActiveRow, stillRunning } from './still-running';
import { withSupervisor } from './supervise';

/** It tells the next start that there was one before. */
const LOST_START = 'the process that started it ended before it had';

/** Exit code of a container whose supervisor vanished without saying how it ended: never a success. */
const UNKNOWN_EXIT = 255;

/**
 * Rows say what should be, the kernel says what is. Brings every row that is not at rest up to date: containers that
 * ended while nobody looked, and whatever a process that was killed left half-done. Cheap when there is nothing to do:
 * an index holds the rows that are not at rest. Resolves to whether rows may have changed: who has read them meanwhile reads them again.
 */
export async function settle(context: Pick<Context, 'store'>): Promise<boolean> {
  const { store } = context;
  const announced = hasAnnounced(store);
  if (announced) await (require('./finish-announced') as typeof import('./finish-announced')).finishAnnounced(context);
  tellPosted(store);
  const active = store.db.all<ActiveRow>("SELECT id, state, owner FROM containers WHERE state NOT IN ('created', 'exited')");
  const running = await stillRunning(store, active);
  for (const { id } of active) {
    const row = running.has(id) ? undefined : containerById(store, id);
    if (row !== undefined) await settleRow(store, row);
  }
  const finished = await removeFinished(store);
  return announced || finished || running.size < active.length;
}

/** A container's row as it is by now. */
export async function settledRow(store: Store, id: string): Promise<ContainerRow | undefined> {
  const row = containerById(store, id);
  return row && settleRow(store, row);
}

/** One row; returns it as it is now, undefined when it is gone. */
export async function settleRow(store: Store, row: ContainerRow): Promise<ContainerRow | undefined> {
  switch (row.state) {
    case 'created':
    case 'exited':
      return row;
    case 'creating':
    case 'removing':
      if (isAtWork(row.owner, row.id)) return row;
      await discardContainer(store, row);
      return undefined;
    case 'starting':
      return settleStarting(store, row);
    case 'running':
    case 'paused':
      return settleRunning(store, row);
  }
}

async function settleRunning(store: Store, row: ContainerRow): Promise<ContainerRow | undefined> {
  const record = readExitRecord(store, row.id);
  if (record !== undefined) return recordExit(store, row, record);
  if (isAtWork(row.owner, row.id)) return row;
  // The supervisor may have written its record between the two looks.
  const late = readExitRecord(store, row.id);
  if (late !== undefined) return recordExit(store, row, late);
  return takeOver(store, row, async (own) => {
    await clearRemains(store, row.id);
    return recordExit(store, own, unknownExit(row), () => recordLostEnd(store, row, UNKNOWN_EXIT));
  });
}

/**
 * What is cleared away belongs to the run that is in the row: only one process does that, and nobody starts the container
 * meanwhile, whose new run it would hit.
 */
async function takeOver(store: Store, row: ContainerRow, job: (own: ContainerRow) => Promise<ContainerRow>): Promise<ContainerRow | undefined> {
  return atWork([row.id], async () => {
    const own = { ...row, owner: currentOwner() };
    const taken = store.db.run('UPDATE containers SET owner = ? WHERE id = ? AND state = ? AND owner = ?', own.owner, row.id, row.state, row.owner);
    if (taken === 0) return containerById(store, row.id);
    try {
      return await job(own);
    } catch (error) {
      // Given back: whoever looks next does it, though this process lives on.
      store.db.run('UPDATE containers SET owner = ? WHERE id = ? AND state = ? AND owner = ?', row.owner, row.id, row.state, own.owner);
      throw error;
    }
  });
}

/** A client that died between asking for a start and noting it: the supervisor knows. */
async function settleStarting(store: Store, row: ContainerRow): Promise<ContainerRow | undefined> {
  if (isAtWork(row.owner, row.id)) return row;
  const state = await askSupervisor(store, row);
  if (state !== undefined && state.pid !== 0) return adopt(store, row, state);
  const record = readExitRecord(store, row.id);
  if (record !== undefined) return recordExit(store, row, record);
  if (state !== undefined) return row; // still at it
  return takeOver(store, row, async () => {
    await clearRemains(store, row.id);
    store.db.transaction(() => {
      store.db.run("UPDATE containers SET state = 'created', owner = '', error = ? WHERE id = ?", LOST_START, row.id);
      releaseNetworking(store.db, row.id, { keepFixed: true });
      recordLostEnd(store, row, UNKNOWN_EXIT);
    });
    return { ...row, state: 'created', owner: '', error: LOST_START };
  });
}

async function askSupervisor(store: Store, row: ContainerRow): Promise<SupervisorState | undefined> {
  try {
    return await withSupervisor({ store }, row, (supervisor) => supervisor.status());
  } catch {
    return undefined; // nobody listens, or it is just ending: its record tells
  }
}

function adopt(store: Store, row: ContainerRow, state: SupervisorState): ContainerRow {
  const next: ContainerRow = { ...row, state: 'running', owner: ownerOf(state.supervisorPid), pid: state.pid, started: state.startedAt };
  store.db.run(
    "UPDATE containers SET state = 'running', owner = ?, pid = ?, started = ? WHERE id = ? AND state = 'starting'",
    ...[next.owner, next.pid, next.started, next.id],
  );
  return next;
}

function unknownExit(row: ContainerRow): ExitRecord {
  const finishedAt = `${Date.now()}000000`;
  return { status: UNKNOWN_EXIT << 8, startedAt: row.started, finishedAt, oomKilled: false, error: 'the supervisor ended without a record of the exit' };
}

type ExitColumns = Pick<ContainerRow, 'state' | 'owner' | 'pid' | 'started' | 'finished' | 'exit_code' | 'oom_killed' | 'error'>;

/** What a supervisor told of the end of a run, which need not be the container's: then there is nothing to note. */
export function recordEnded(store: Store, row: Pick<ContainerRow, 'id' | 'started'> & { owner?: string }, ended: Ended): Pick<ContainerRow, 'exit_code' | 'oom_killed'> {
  if (ended.restarting !== true) return recordExit(store, row, ended);
  return { exit_code: exitCodeOf(ended.status), oom_killed: ended.oomKilled ? 1 : 0 };
}

/**
 * Notes the end of the run that is in `row`, unless the container is in another one by now, and gives back what only a
 * running one needs; `first` is called by the one who notes it.
 */
export function recordExit<Row extends Pick<ContainerRow, 'id' | 'started'> & { owner?: string }>(
  store: Store,
  row: Row,
  record: ExitRecord,
  first: () => void = () => undefined,
): Row & ExitColumns {
  const next = {
    ...row,
    state: 'exited' as const,
    owner: '',
    pid: 0,
    started: lastStart(row, record),
    finished: record.finishedAt,
    exit_code: exitCodeOf(record.status),
    oom_killed: record.oomKilled ? 1 : 0,
    error: record.error,
  };
  store.db.transaction(() => {
    const changed = store.db.run(
      `UPDATE containers SET state = 'exited', owner = '', pid = 0, started = ?, finished = ?, exit_code = ?, oom_killed = ?, error = ?
       WHERE id = ? AND state IN ('starting', 'running', 'paused') AND (owner = ? OR started = ?)`,
      ...[next.started, next.finished, next.exit_code, next.oom_killed, next.error, next.id, row.owner ?? '', next.started || 'never'],
    );
    if (changed === 0) return;
    releaseNetworking(store.db, row.id, { keepFixed: true });
    first();
  });
  return next;
}

/** The one the supervisor tells: a restart policy may have started it since the row was written. */
function lastStart(row: Pick<ContainerRow, 'started'>, { startedAt }: ExitRecord): string {
  return startedAt === '' || startedAt === '0' ? row.started : startedAt;
}

/** `--rm` of containers nobody waited for, and those for work on a tree (createFromTree) whose makers ended before they had started them. */
async function removeFinished(store: Store): Promise<boolean> {
  const rows = store.db.all<ContainerRow>("SELECT * FROM containers WHERE auto_remove = 1 AND (state = 'exited' OR (state = 'created' AND image = ''))");
  for (const row of rows) {
    if (row.state === 'created' && isAtWork(row.owner, row.id)) continue;
    const claimed = store.db.run("UPDATE containers SET state = 'removing', owner = ? WHERE id = ? AND state = ?", currentOwner(), row.id, row.state);
    if (claimed > 0) await atWork([row.id], () => discardContainer(store, row));
  }
  return rows.length > 0;
}
