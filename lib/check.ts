// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import * as btrfs from './binding/btrfs';
import { probeSockets } from './binding/supervisor';
import type { Context } from './context';
import { discardTree, dropRow } from './containers/create';
import { type ContainerRow, containerById } from './containers/record';
import { clearRemains, findRemains } from './containers/remains';
import { settleRow } from './containers/settle';
import { discardImage } from './images/publish';
import type { ImageRow } from './images/record';
import { settleImages } from './images/settle';
import { releaseAddress } from './network/address-pool';
import { shortId } from './util/id';
import { isAlive } from './util/owner';
import { sweepWorkspaces } from './store/workspace';

/** One thing that is not as it should be. */
export interface Finding {
  kind:
    | 'unfinished' // a killed process was making or removing it
    | 'dead supervisor'
    | 'tree without a row'
    | 'row without a tree'
    | 'nested subvolume' // made inside a container: no fault, but it is not part of a commit
    | 'remains' // cgroups, processes or a veth of a container that does not run
    | 'run directory'
    | 'pool'
    | 'workspace'
    | 'address';
  /** What it is about: an id, a path. */
  what: string;
  detail: string;
  /** How it was mended; absent when it was only looked at, or needs no mending. */
  repaired?: string;
}

type Check = (context: Context, repair: boolean) => AsyncGenerator<Finding>;

const CHECKS: Check[] = [workspaces, unfinishedImages, unsettledContainers, trees, rows, pools, nestedSubvolumes, remains, runDirectories, addresses];

/**
 * Compares what the rows say with what is there. With `repair` it mends what it finds, never deleting data that a name
 * points to; everything is looked at again before it is touched, as other processes go on working meanwhile.
 */
export async function* checkStore(context: Context, options: { repair?: boolean } = {}): AsyncGenerator<Finding> {
  for (const check of CHECKS) yield* check(context, options.repair === true);
}

async function* workspaces({ store }: Context, repair: boolean): AsyncGenerator<Finding> {
  const dead = list(store.layout.tmp).filter((name) => !isAlive(name.split(',')[1] ?? ''));
  if (repair) await sweepWorkspaces(store.layout);
  for (const name of dead) yield { kind: 'workspace', what: name, detail: 'left by a process that was killed', ...(repair && { repaired: 'removed' }) };
}

async function* unfinishedImages({ store }: Context, repair: boolean): AsyncGenerator<Finding> {
  const rows = store.db.all<ImageRow>("SELECT * FROM images WHERE state <> 'ready'").filter((row) => !isAlive(row.owner));
  if (repair) await settleImages(store);
  for (const row of rows) yield { kind: 'unfinished', what: `image ${shortId(row.id)}`, detail: row.state, ...(repair && { repaired: 'removed' }) };
}

async function* unsettledContainers({ store }: Context, repair: boolean): AsyncGenerator<Finding> {
  const rows = store.db.all<ContainerRow>("SELECT * FROM containers WHERE state NOT IN ('created', 'exited')");
  for (const row of rows) {
    if (isAlive(row.owner)) continue;
    const kind = ['running', 'paused'].includes(row.state) ? 'dead supervisor' : 'unfinished';
    const after = repair ? await settleRow(store, row) : undefined;
    yield { kind, what: `container ${shortId(row.id)}`, detail: row.state, ...(repair && { repaired: after === undefined ? 'removed' : `now ${after.state}` }) };
  }
}

/** A row is always written before its tree and removed after it: a tree without a row is what nobody will ever finish. */
async function* trees(context: Context, repair: boolean): AsyncGenerator<Finding> {
  const { store } = context;
  for (const [directory, table] of [
    [store.layout.containers, 'containers'],
    [store.layout.images, 'images'],
  ] as const) {
    for (const id of list(directory)) {
      const hasRow = () => store.db.get(`SELECT 1 FROM ${table} WHERE id = ?`, id) !== undefined;
      if (hasRow() || !existsSync(`${directory}/${id}`)) continue;
      if (repair) await (table === 'containers' ? discardTree(store, id) : discardImage(store, id));
      yield { kind: 'tree without a row', what: `${directory}/${id}`, detail: 'no name points to it', ...(repair && { repaired: 'removed' }) };
    }
  }
}

async function* rows(context: Context, repair: boolean): AsyncGenerator<Finding> {
  const { store } = context;
  const { db, layout } = store;
  for (const { id, name } of db.all<ContainerRow>("SELECT id, name FROM containers WHERE state IN ('created', 'exited')")) {
    if (existsSync(layout.containerRootfs(id)) || containerById(store, id) === undefined) continue;
    if (repair) {
      await discardTree(store, id);
      dropRow(store, id);
    }
    yield { kind: 'row without a tree', what: `container ${name}`, detail: 'its file system is gone', ...(repair && { repaired: 'row removed' }) };
  }
  for (const { id } of db.all<ImageRow>("SELECT id FROM images WHERE state = 'ready'")) {
    if (existsSync(layout.imageRootfs(id))) continue;
    if (repair) await discardImage(store, id);
    yield { kind: 'row without a tree', what: `image ${shortId(id)}`, detail: 'its file system is gone', ...(repair && { repaired: 'row removed' }) };
  }
}

async function* pools({ store, pool }: Context, repair: boolean): AsyncGenerator<Finding> {
  for (const id of list(store.layout.pool)) {
    const image = store.db.get("SELECT 1 FROM images WHERE id = ? AND state = 'ready'", id);
    const dead = image === undefined ? list(store.layout.imagePool(id)) : list(store.layout.imagePool(id)).filter(isAbandoned);
    if (image !== undefined && dead.length === 0) continue;
    if (repair) await (image === undefined ? pool.drain(id) : pool.discardNames(id, dead));
    yield { kind: 'pool', what: `pool of image ${shortId(id)}`, detail: image === undefined ? 'its image is gone' : 'snapshots that were not finished', ...(repair && { repaired: 'removed' }) };
  }
}

/** Being made by a process that is gone. */
function isAbandoned(name: string): boolean {
  return name.startsWith('.') && !isAlive(name.slice(1).split(',')[0] ?? '');
}

async function* nestedSubvolumes({ store }: Context): AsyncGenerator<Finding> {
  for (const id of list(store.layout.containers)) {
    const root = store.layout.containerRootfs(id);
    const nested = existsSync(root) ? await btrfs.subvolumeNested(root) : [];
    for (const path of nested) {
      yield { kind: 'nested subvolume', what: `container ${shortId(id)}`, detail: `/${path.toString()}: not part of commits and diffs; removed with the container` };
    }
  }
}

async function* remains({ store }: Context, repair: boolean): AsyncGenerator<Finding> {
  for (const { id } of store.db.all<ContainerRow>("SELECT id FROM containers WHERE state IN ('created', 'exited')")) {
    const found = findRemains(id);
    if (found.cgroups.length === 0 && found.veth === '') continue;
    // The supervisor of a container that has just ended is still clearing up itself.
    if (supervisorListens(store.layout.controlSocket(id))) continue;
    if (repair) await clearRemains(store, id);
    const detail = `${found.pids.length} processes, ${found.cgroups.length} cgroups${found.veth === '' ? '' : `, ${found.veth}`}`;
    yield { kind: 'remains', what: `container ${shortId(id)}`, detail, ...(repair && { repaired: 'removed' }) };
  }
}

async function* runDirectories({ store }: Context, repair: boolean): AsyncGenerator<Finding> {
  for (const id of list(store.layout.run)) {
    const row = containerById(store, id);
    if (row !== undefined && !['created', 'exited'].includes(row.state)) continue;
    if (supervisorListens(store.layout.controlSocket(id))) continue;
    if (repair) await clearRemains(store, id);
    yield { kind: 'run directory', what: store.layout.runDir(id), detail: 'its container does not run', ...(repair && { repaired: 'removed' }) };
  }
}

async function* addresses({ store }: Context, repair: boolean): AsyncGenerator<Finding> {
  const stale = store.db.all<{ container_id: string }>(
    `SELECT container_id FROM addresses LEFT JOIN containers ON containers.id = addresses.container_id
     WHERE containers.id IS NULL OR (fixed = 0 AND containers.state IN ('created', 'exited'))`,
  );
  for (const { container_id: id } of stale) {
    if (repair) releaseAddress(store.db.raw, id);
    yield { kind: 'address', what: `container ${shortId(id)}`, detail: 'holds an address without running', ...(repair && { repaired: 'released' }) };
  }
}

function supervisorListens(socket: string): boolean {
  return probeSockets([socket])[0] === true;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
