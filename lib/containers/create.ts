// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { findImage, type ImageRow, type OciImage } from '../images/record';
import { allocateAddress, releaseAddress } from '../network/address-pool';
import { reserveIdRange } from '../security/id-ranges';
import type { Store } from '../store/store';
import { randomId } from '../util/id';
import { currentOwner } from '../util/owner';
import { withUndo } from '../util/undo';
import { recordContainerEvent } from './container-events';
import { checkName, generateName } from './names';
import { normaliseSpec } from './normalise';
import type { ContainerRow } from './record';
import type { ContainerOptions, ContainerSpec } from './spec';

interface Plan {
  id: string;
  wantedName: string | undefined;
  /** The one it got. */
  name: string;
  image: ImageRow;
  imageName: string;
  spec: ContainerSpec;
  warnings: string[];
}

export interface Created {
  id: string;
  /** What was asked for and this machine cannot do, in Docker's words. */
  warnings: string[];
}

/**
 * Creates a container: one row and one snapshot, no process.
 * @throws E_NO_SUCH_IMAGE, E_INVALID, E_NAME_IN_USE, E_ADDRESS_IN_USE, E_NO_SPACE
 */
export function createContainer(context: Context, options: ContainerOptions): Promise<Created> {
  return context.launcher.creates.run(() => createNow(context, options));
}

async function createNow(context: Context, options: ContainerOptions): Promise<Created> {
  const { store, pool } = context;
  const plan = makePlan(store, options);
  return withUndo(async (undo) => {
    reserve(store, plan);
    undo.add(() => dropRow(store, plan.id));
    const directory = store.layout.container(plan.id);
    const source = basePath(store, plan.image);
    undo.add(() => discardTree(store, plan.id));
    if (!pool.take(plan.image.id, directory)) {
      mkdirSync(directory, { mode: 0o700 });
      await btrfs.snapshotCreate(source, directory, 'rootfs', false);
    }
    pool.refill(plan.image.id, source);
    finish(store, [plan]);
    return { id: plan.id, warnings: plan.warnings };
  });
}

/**
 * Creates many containers in one go: their rows in one transaction, their snapshots concurrently so that they share the
 * file system's commits. All of them or none.
 */
export async function createContainers(context: Context, list: ContainerOptions[], threads = 64): Promise<Created[]> {
  const { store } = context;
  const plans = list.map((options) => makePlan(store, options));
  return withUndo(async (undo) => {
    store.db.transaction(() => {
      for (const plan of plans) reserve(store, plan);
    });
    undo.add(async () => {
      for (const { id } of plans) {
        await discardTree(store, id);
        dropRow(store, id);
      }
    });
    const requests = plans.map((plan) => ({
      source: basePath(store, plan.image),
      parent: store.layout.container(plan.id),
      name: 'rootfs',
    }));
    for (const { parent } of requests) mkdirSync(parent, { mode: 0o700 });
    const answers = await btrfs.snapshotBatch(requests, threads);
    const failure = answers.find((answer) => answer !== null);
    if (failure) throw btrfs.wrapNativeError(failure);
    finish(store, plans);
    return plans.map(({ id, warnings }) => ({ id, warnings }));
  });
}

function makePlan(store: Store, options: ContainerOptions): Plan {
  if (typeof options.image !== 'string' || options.image === '') throw new DockerliteError('E_INVALID', 'an image is needed');
  const image = findImage(store, options.image);
  const id = randomId();
  const oci = JSON.parse(image.config) as OciImage;
  const warnings: string[] = [];
  const spec = normaliseSpec(id, options, oci.config, warnings);
  return { id, wantedName: options.name === undefined ? undefined : checkName(options.name), name: '', image, imageName: options.image, spec, warnings };
}

/** The row comes first, in a state nobody can use, so that whatever a crash leaves behind has a row that says so. */
function reserve(store: Store, plan: Plan): void {
  const { db } = store;
  db.transaction(() => {
    // The image may have gone since it was looked up.
    if (db.get("SELECT 1 FROM images WHERE id = ? AND state = 'ready'", plan.image.id) === undefined) {
      throw new DockerliteError('E_NO_SUCH_IMAGE', `No such image: ${plan.imageName}`);
    }
    const name = freeName(store, plan.wantedName);
    plan.name = name;
    db.run(
      `INSERT INTO containers (id, name, image, image_name, state, owner, created, spec, base, auto_remove)
       VALUES (?, ?, ?, ?, 'creating', ?, ?, ?, ?, ?)`,
      ...[plan.id, name, plan.image.id, plan.imageName, currentOwner(), Date.now()],
      ...[JSON.stringify(plan.spec), plan.image.has_base ? 'base' : 'rootfs', plan.spec.autoRemove ? 1 : 0],
    );
    if (plan.spec.isolation?.userns !== 'host') reserveIdRange(db, plan.id);
    if (plan.spec.ip !== '') allocateAddress(db.raw, store.marker.subnet, plan.id, plan.spec.ip);
  });
}

function freeName(store: Store, wanted: string | undefined): string {
  const holder = (name: string) => store.db.get<Pick<ContainerRow, 'id'>>('SELECT id FROM containers WHERE name = ?', name);
  if (wanted !== undefined) {
    const other = holder(wanted);
    if (other === undefined) return wanted;
    throw new DockerliteError(
      'E_NAME_IN_USE',
      `Conflict. The container name "/${wanted}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }
  for (let attempt = 0; ; attempt++) {
    const name = generateName(attempt);
    if (holder(name) === undefined) return name;
  }
}

function finish(store: Store, plans: Plan[]): void {
  store.db.transaction(() => {
    for (const { id } of plans) store.db.run("UPDATE containers SET state = 'created', owner = '' WHERE id = ?", id);
  });
  for (const plan of plans) recordContainerEvent(store, { ...plan, image_name: plan.imageName }, 'create');
}

/** The subvolume that containers of this image are snapshots of. */
export function basePath(store: Store, image: ImageRow): string {
  return image.has_base ? store.layout.imageBase(image.id) : store.layout.imageRootfs(image.id);
}

/** Removes a container's tree and files; safe to repeat. */
export async function discardTree(store: Store, id: string): Promise<void> {
  const directory = store.layout.container(id);
  await btrfs.subvolumeDelete(directory, 'rootfs');
  rmSync(directory, { recursive: true, force: true });
}

/** Removes a container's row and what hangs on it. */
export function dropRow(store: Store, id: string): void {
  const row = store.db.transaction(() => {
    releaseAddress(store.db.raw, id);
    return store.db.get<ContainerRow>('DELETE FROM containers WHERE id = ? RETURNING *', id);
  });
  if (row !== undefined && row.state !== 'creating') recordContainerEvent(store, row, 'destroy');
}
