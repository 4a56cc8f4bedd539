// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { readExitRecord } from './exit-record';
import { withLiveState } from './live-state';
import { type ContainerRow, specOf } from './record';
import { startsAtBoot } from './restart-policy';
import { settle } from './settle';
import { startContainer } from './start';
import { shutDownContainer } from './stop';

/** What became of one container. */
export interface BootResult {
  id: string;
  name: string;
  /** Why it could not be started, or stopped. */
  error?: DockerliteError;
}

/**
 * Starts what should run, by the rules of Docker's daemon when it starts: whatever ran when the machine went down, and
 * `always` even what the user had stopped; that only the first time since the machine came up, or since `shutDown`. The
 * others are started whenever they should run and do not, e.g. because their supervisor was killed.
 */
export async function bootContainers(context: Context): Promise<BootResult[]> {
  const { store } = context;
  await settle(context);
  const first = !existsSync(store.layout.booted);
  const rows = withPolicy(store, 'exited').filter((row) => (first || row.stopped === 0) && shouldStart(store, row));
  const results = await forEach(rows, async (row) => startUnlessStarted(context, row));
  mkdirSync(dirname(store.layout.booted), { recursive: true, mode: 0o711 });
  writeFileSync(store.layout.booted, '');
  return results;
}

async function startUnlessStarted(context: Context, row: ContainerRow): Promise<void> {
  try {
    await startContainer(context, row, {});
  } catch (error) {
    if (!(error instanceof DockerliteError) || error.code !== 'E_CONFLICT') throw error; // somebody else starts it
  }
}

/** Stops every container, all at once, and remembers that it was not the user: `boot` starts them again. */
export async function shutDownContainers(context: Context): Promise<BootResult[]> {
  const { store } = context;
  await settle(context);
  const rows = store.db.all<ContainerRow>("SELECT * FROM containers WHERE state IN ('starting', 'running', 'paused') ORDER BY created");
  const results = await forEach(rows, (row) => shutDownContainer(context, withLiveState(store, row)));
  rmSync(store.layout.booted, { force: true });
  return results;
}

function withPolicy({ db }: Store, state: string): ContainerRow[] {
  // The text is looked at first: most have none, and need not be parsed.
  const rows = db.all<ContainerRow>(`SELECT * FROM containers WHERE state = ? AND instr(spec, '"restart":') ORDER BY created`, state);
  return rows.filter((row) => specOf(row).restart !== undefined);
}

function shouldStart(store: Store, row: ContainerRow): boolean {
  const { restart } = specOf(row);
  const restartCount = readExitRecord(store, row.id)?.restartCount ?? 0;
  return restart !== undefined && startsAtBoot(restart, { exitCode: row.exit_code, restartCount, stopped: row.stopped !== 0 });
}

async function forEach(rows: ContainerRow[], action: (row: ContainerRow) => Promise<void>): Promise<BootResult[]> {
  return Promise.all(
    rows.map(async ({ id, name, ...row }) => {
      try {
        await action({ id, name, ...row });
        return { id, name };
      } catch (error) {
        if (error instanceof DockerliteError) return { id, name, error };
        throw error;
      }
    }),
  );
}
