// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { EngineEvent } from '../events/event';
import { type Announced, isAnnounced } from '../events/outbox';
import type { Store } from '../store/store';
import { limitKeys } from './lxc-config';
import { withLiveState } from './live-state';
import { type ContainerRow, containerById, specOf } from './record';
import { changedFiles, type Files, writeBack, writeLimits } from './resource-update';
import type { Resources } from './resources';
import { NO_RESTART, type RestartPolicy } from './restart-policy';
import { settledRow } from './settle';
import type { ContainerSpec } from './spec';
import { isAllowed } from './state';
import { withSupervisor } from './supervise';

type Updatable = Pick<ContainerSpec, 'resources' | 'restart'>;

/** What an update that cannot be finished takes back. */
export interface BeforeUpdate {
  resources?: Partial<Resources>;
  restart?: RestartPolicy;
  /** What was in the files that it changes. */
  files: Files;
  /** What it changes to. */
  resourcesAfter?: Partial<Resources>;
  restartAfter?: RestartPolicy;
}

type Updating = Pick<Context, 'store'>;

/** Before the row is changed. */
export function beforeUpdate(store: Store, row: ContainerRow, after: Updatable): BeforeUpdate {
  const { resources, restart } = specOf(row);
  const files = filesOf(withLiveState(store, row), resources, after.resources);
  return { resources, restart, resourcesAfter: after.resources, restartAfter: after.restart, files: files.flatMap(asItIs) };
}

function asItIs({ path }: Files[number]): Files {
  try {
    return [{ path, value: readFileSync(path, 'latin1').trim() }];
  } catch {
    return []; // it has just ended
  }
}

/** Those that nobody has finished. */
export function stillUnfinished(store: Store, { unfinished = {} }: ContainerSpec): Record<string, BeforeUpdate> {
  return Object.fromEntries(Object.entries(unfinished).filter(([id]) => isAnnounced(store, Number(id))));
}

/**
 * Gives a container that runs what its row says; this process, or another one after its death.
 * @throws E_CONFLICT when that cannot be: the row says again what it did before
 */
export async function carryOutUpdate(context: Updating, id: string, announced: Announced): Promise<void> {
  const { store } = context;
  try {
    await bringUpToDate(context, id, announced);
  } catch (error) {
    await takeBack(context, id, announced);
    if (error instanceof DockerliteError) throw error;
    throw new DockerliteError('E_CONFLICT', `Cannot update container ${id}: ${(error as Error).message}`, { cause: error });
  }
  store.db.transaction(() => changeSpec(store, id, (spec) => spec, announced));
  announced.tell();
}

/** Does the rest of what a process that was killed had begun. */
export async function finishUpdate(context: Updating, { Actor }: EngineEvent, announced: Announced): Promise<void> {
  const row = containerById(context.store, Actor.ID);
  if (row === undefined || beforeOf(row, announced) === undefined) return announced.tell();
  await carryOutUpdate(context, row.id, announced);
}

/** Until what it runs as, and what has been written down for it, is what it was given. */
async function bringUpToDate(context: Updating, id: string, announced: Announced): Promise<void> {
  for (let given: ContainerRow | undefined; ; ) {
    const row = await liveRow(context.store, id);
    if (row === undefined || !isAllowed('kill', row.state)) return; // the next run begins with what is written down
    const before = beforeOf(row, announced);
    if (before === undefined || (given !== undefined && isSame(given, row))) return;
    if (row.state === 'starting') await delay(5); // with what was written down before, it may be
    else await give(context, (given = row), before);
  }
}

function isSame(one: ContainerRow, other: ContainerRow): boolean {
  return one.pid === other.pid && sameValue(updatable(specOf(one)), updatable(specOf(other)));
}

async function liveRow(store: Store, id: string): Promise<ContainerRow | undefined> {
  const row = await settledRow(store, id);
  return row && withLiveState(store, row);
}

async function give(context: Updating, row: ContainerRow, before: BeforeUpdate): Promise<void> {
  const { resources, restart } = specOf(row);
  await unlessEnded(() => writeLimits(filesOf(row, before.resources, resources)));
  await tellSupervisor(context, row, sameValue(restart, before.restart) ? undefined : restart, sameValue(resources, before.resources) ? undefined : resources);
}

/** It may run the container again by itself. */
async function tellSupervisor(context: Updating, row: ContainerRow, restart: RestartPolicy | undefined, resources: Partial<Resources> | undefined): Promise<void> {
  if (specOf(row).autoRemove || (restart === undefined && resources === undefined)) return;
  await unlessEnded(() =>
    withSupervisor(context, row, async (supervisor) => {
      if (restart !== undefined) await supervisor.setRestartPolicy(restart);
      if (resources !== undefined) await supervisor.setLimits(limitKeys({ resources }));
    }),
  );
}

/** One that has just ended starts with what is written down. */
async function unlessEnded(job: () => Promise<void>): Promise<void> {
  try {
    await job();
  } catch (error) {
    if (!['ENOENT', 'ENODEV', 'E_NOT_RUNNING', 'E_SUPERVISOR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** In the order in which a death in between leaves it to be done once more. */
async function takeBack(context: Updating, id: string, announced: Announced): Promise<void> {
  const { store } = context;
  const found = containerById(store, id);
  const before = found && beforeOf(found, announced);
  if (before === undefined) return announced.withdraw();
  await writeBack(before.files);
  const spec = store.db.transaction(() => {
    announced.withdraw();
    return changeSpec(store, id, (now) => ({ ...now, ...withoutChanges(now, before) }), announced);
  });
  if (spec === undefined || found === undefined) return;
  const row = withLiveState(store, { ...found, spec: JSON.stringify(spec) });
  try {
    // What others have changed meanwhile stands; so does what the supervisor may have been told.
    if (!sameValue(spec.resources, before.resources)) await writeLimits(filesOf(row, undefined, spec.resources));
    await tellSupervisor(context, row, spec.restart ?? NO_RESTART, spec.resources);
  } catch {
    // the error that made it be taken back tells
  }
}

/** The specification without what the update has changed of it, but for what somebody else has changed since. */
function withoutChanges(now: Updatable, before: BeforeUpdate): Updatable {
  const [was, became, is] = [before.resources ?? {}, before.resourcesAfter ?? {}, now.resources ?? {}] as Record<string, unknown>[];
  const own = Object.keys(became!).filter((key) => !sameValue(became![key], was![key]) && sameValue(is![key], became![key]));
  const kept = Object.entries(is!).filter(([key]) => !own.includes(key));
  const given = Object.entries(was!).filter(([key]) => own.includes(key));
  const resources = Object.fromEntries([...kept, ...given]) as Partial<Resources>;
  const restart = sameValue(now.restart, before.restartAfter) ? before.restart : now.restart;
  return { resources: Object.keys(resources).length > 0 ? resources : undefined, restart };
}

/** It is no longer unfinished. In a transaction. */
function changeSpec(store: Store, id: string, change: (spec: ContainerSpec) => ContainerSpec, announced: Announced): ContainerSpec | undefined {
  const row = containerById(store, id);
  if (row === undefined) return undefined;
  const { unfinished = {}, ...spec } = change(specOf(row));
  const { [announced.id]: _, ...others } = unfinished;
  const next: ContainerSpec = { ...spec, ...(Object.keys(others).length > 0 && { unfinished: others }) };
  store.db.run('UPDATE containers SET spec = ? WHERE id = ?', JSON.stringify(next), id);
  return next;
}

function beforeOf(row: ContainerRow, { id }: Announced): BeforeUpdate | undefined {
  return specOf(row).unfinished?.[id];
}

function filesOf(row: ContainerRow, before: Partial<Resources> | undefined, after: Partial<Resources> | undefined): Files {
  try {
    return changedFiles(row, before, after);
  } catch (error) {
    if (error instanceof DockerliteError && error.code === 'E_NOT_RUNNING') return []; // between two runs, or it has just ended
    throw error;
  }
}

function updatable({ resources, restart }: Updatable): Updatable {
  return { resources, restart };
}

/** As they are written down. */
function sameValue(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
