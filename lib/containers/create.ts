// SPDX-License-Identifier: Apache-2.0
import * as btrfs from '../binding/btrfs';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { findImage, type ImageRow, noSuchImage, type OciImage } from '../images/record';
import { reserveIdRange } from '../security/id-ranges';
import type { Store } from '../store/store';
import { checkAborted } from '../util/aborted';
import { randomId } from '../util/id';
import { atWork, currentOwner } from '../util/owner';
import { type Undo, withUndo } from '../util/undo';
import { type Claim, claimVolumes, dropClaims, endClaims, finishClaims } from '../volumes/claim';
import { whenFree } from '../volumes/busy';
import { postVolumeEvent } from '../volumes/volume-events';
import { postContainerEvent } from './container-events';
import { makeVolumes, wantedVolumes } from './container-volumes';
import { discardTree, dropRow } from './discard';
import { checkName, generateName } from './names';
import { normaliseSpec } from './normalise';
import type { ContainerRow } from './record';
import { reserveFixedAddresses, resolveNetworks } from './resolve-networks';
import type { ContainerOptions, ContainerSpec } from './spec';
import { limitStorage, requireStorage } from './storage';
import { inheritedMounts } from './volumes-from';

interface Plan {
  id: string;
  wantedName: string | undefined;
  /** The one it got. */
  name: string;
  /** Absent: it is made from a tree that is no image. */
  image?: ImageRow;
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
  if (plan.spec.storage || plan.spec.mounts.length > 0) await requireStorage(store, plan.spec);
  return creating([plan], async (undo) => {
    const claims = await reserve(store, [plan]);
    undo.add(() => endClaims(claims.values()));
    undo.add(() => dropClaims(store, claims.values()));
    undo.add(() => discard(store, plan));
    const directory = store.layout.container(plan.id);
    const source = basePath(store, plan.image);
    if (!(await pool.take(plan.image.id, directory))) await btrfs.snapshotCreateWithParent(source, directory, 'rootfs', false);
    pool.refill(plan.image.id, source);
    if (plan.spec.storage) await limitStorage(store, plan.id, plan.spec);
    if (plan.spec.mounts.length > 0) await makeVolumes(store, plan.spec.mounts, claims, source);
    finish(store, [plan], claims);
    return { id: plan.id, warnings: plan.warnings };
  });
}

/**
 * Creates a container from a subvolume that is no image (yet), for work on it: it removes itself, and goes too when this process
 * does before it was started. The subvolume has the mount points that containers need. The caller says that it is at work on `id`.
 */
export async function createFromTree(context: Context, id: string, tree: string, options: ContainerOptions): Promise<void> {
  const { store } = context;
  const spec = resolveNetworks(store, normaliseSpec(id, { ...options, autoRemove: true }, {}));
  const plan: Plan = { id, wantedName: options.name, name: '', imageName: options.image, spec, warnings: [] };
  await creating([plan], async (undo) => {
    const claims = await reserve(store, [plan]);
    undo.add(() => discard(store, plan));
    await btrfs.snapshotCreateWithParent(tree, store.layout.container(id), 'rootfs', false);
    finish(store, [plan], claims);
  });
}

function creating<T>(plans: Plan[], change: (undo: Undo) => Promise<T>): Promise<T> {
  return atWork(plans.map(({ id }) => id), () => withUndo(change));
}

/** The row goes last: when the tree cannot be removed now, the row says that somebody has to. */
async function discard(store: Store, { id, spec }: Plan): Promise<void> {
  await discardTree(store, id, spec);
  dropRow(store, id);
}

export interface CreateManyOptions {
  /** What was made so far is taken back. */
  signal?: AbortSignal;
}

const THREADS = 64;

/** Snapshots between two looks at the signal. */
const AT_ONCE = 1024;

/**
 * Creates many containers in one go: their rows in one transaction, their snapshots concurrently so that they share the
 * file system's commits. All of them or none.
 * @throws E_ABORTED
 */
export async function createContainers(context: Context, list: ContainerOptions[], { signal }: CreateManyOptions = {}): Promise<Created[]> {
  const { store } = context;
  checkAborted(signal);
  const plans = list.map((options) => makePlan(store, options));
  for (const { spec } of plans) if (spec.storage || spec.mounts.length > 0) await requireStorage(store, spec);
  return creating(plans, async (undo) => {
    const claims = await reserve(store, plans);
    undo.add(() => endClaims(claims.values()));
    undo.add(() => dropClaims(store, claims.values()));
    undo.add(async () => {
      for (const plan of plans) await discard(store, plan);
    });
    const requests = plans.map((plan) => ({
      source: basePath(store, plan.image),
      parent: store.layout.container(plan.id),
      name: 'rootfs',
    }));
    for (let at = 0; at < requests.length; at += AT_ONCE) {
      checkAborted(signal);
      const answers = await btrfs.snapshotBatch(requests.slice(at, at + AT_ONCE), THREADS);
      const failure = answers.find((answer) => answer !== null);
      if (failure) throw btrfs.wrapNativeError(failure);
    }
    for (const { id, spec } of plans) if (spec.storage) await limitStorage(store, id, spec);
    for (const { spec, image } of plans) {
      checkAborted(signal);
      if (spec.mounts.length > 0) await makeVolumes(store, spec.mounts, claims, basePath(store, image));
    }
    checkAborted(signal);
    finish(store, plans, claims);
    return plans.map(({ id, warnings }) => ({ id, warnings }));
  });
}

type PlanFromImage = Plan & { image: ImageRow };

function makePlan(store: Store, options: ContainerOptions): PlanFromImage {
  if (typeof options.image !== 'string' || options.image === '') throw new DockerliteError('E_INVALID', 'an image is needed');
  const image = findImage(store, options.image);
  const id = randomId();
  const oci = JSON.parse(image.config) as OciImage;
  const warnings: string[] = [];
  const inherited = inheritedMounts(store, options.volumesFrom ?? []);
  const spec = resolveNetworks(store, normaliseSpec(id, options, oci.config, inherited, warnings));
  return { id, wantedName: options.name === undefined ? undefined : checkName(options.name), name: '', image, imageName: options.image, spec, warnings };
}

/** The rows come first, in a state nobody can use, so that whatever a crash leaves behind has a row that says so. */
function reserve(store: Store, plans: Plan[]): Map<string, Claim> | Promise<Map<string, Claim>> {
  const claims = new Map<string, Claim>();
  const none = () => {
    endClaims(claims.values());
    claims.clear();
  };
  const all = () => {
    try {
      return store.db.transaction(() => {
        none(); // it may be done anew
        for (const plan of plans) reserveOne(store, plan, claims);
        return claims;
      });
    } catch (error) {
      none();
      throw error;
    }
  };
  return plans.some(({ spec }) => spec.mounts.length > 0) ? whenFree(all) : all();
}

function reserveOne(store: Store, plan: Plan, claims: Map<string, Claim>): void {
  const { db } = store;
  db.transaction(() => {
    // The image may have gone since it was looked up.
    if (plan.image !== undefined && db.get("SELECT 1 FROM images WHERE id = ? AND state = 'ready'", plan.image.id) === undefined) {
      throw noSuchImage(plan.imageName);
    }
    const name = freeName(store, plan.wantedName);
    plan.name = name;
    db.run(
      `INSERT INTO containers (id, name, image, image_name, state, owner, created, spec, base, auto_remove)
       VALUES (?, ?, ?, ?, 'creating', ?, ?, ?, ?, ?)`,
      ...[plan.id, name, plan.image?.id ?? '', plan.imageName, currentOwner(), Date.now()],
      ...[JSON.stringify(plan.spec), plan.image?.has_base ? 'base' : 'rootfs', plan.spec.autoRemove ? 1 : 0],
    );
    if (plan.spec.isolation?.userns !== 'host') reserveIdRange(db, plan.id);
    reserveFixedAddresses(store, plan.id, plan.spec);
    if (plan.spec.mounts.length > 0) claimVolumes(store, plan.id, wantedVolumes(plan.spec.mounts), claims);
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

function finish(store: Store, plans: Plan[], claims: ReadonlyMap<string, Claim>): void {
  store.db.transaction(() => {
    for (const { id, image } of plans) store.db.run("UPDATE containers SET state = 'created', owner = ? WHERE id = ?", image === undefined ? currentOwner() : '', id);
    finishClaims(store, claims.values());
    for (const { name, fresh } of claims.values()) if (fresh) postVolumeEvent(store, name, 'create');
    for (const plan of plans) postContainerEvent(store, { ...plan, image_name: plan.imageName }, 'create');
  });
  endClaims(claims.values());
}

/** The subvolume that containers of this image are snapshots of. */
export function basePath(store: Store, image: ImageRow): string {
  return image.has_base ? store.layout.imageBase(image.id) : store.layout.imageRootfs(image.id);
}
