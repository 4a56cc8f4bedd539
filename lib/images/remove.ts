// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { shortId } from '../util/id';
import { atWork, currentOwner } from '../util/owner';
import { postImageEvent } from './image-events';
import { discardImage } from './publish';
import { findImage, type ImageRow } from './record';
import { normaliseReference } from './reference';

export interface RemoveImageOptions {
  /** Remove all its names, and the image although stopped containers were made from it. */
  force?: boolean;
}

export interface RemovedImage {
  /** Names taken off. */
  untagged: string[];
  /** Its id, when the image itself went. */
  deleted: string | undefined;
}

/**
 * Takes a name off an image; with its last name, or by id, the image goes too, which `also` is done with in one transaction.
 * @throws E_NO_SUCH_IMAGE, E_AMBIGUOUS, E_CONFLICT
 */
export async function removeImage(context: Context, wanted: string, options: RemoveImageOptions, also?: () => void): Promise<RemovedImage> {
  const { store, pool } = context;
  const result = store.db.transaction(() => {
    const taken = untag(store, wanted, options);
    if (taken.deleted !== undefined) also?.();
    return taken;
  });
  if (result.deleted !== undefined) {
    const { deleted } = result;
    await atWork([deleted], async () => {
      await pool.drain(deleted);
      await discardImage(store, deleted);
    });
  }
  return { untagged: result.untagged, deleted: result.deleted };
}

function untag(store: Store, wanted: string, options: RemoveImageOptions): RemovedImage & { id: string } {
  const { db } = store;
  const image = findImage(store, wanted);
  const names = db.all<{ name: string }>('SELECT name FROM tags WHERE image = ? ORDER BY name', image.id).map((tag) => tag.name);
  const byName = names.includes(normaliseReference(wanted));
  if (!byName && names.length > 1 && options.force !== true) {
    throw conflict(image, '(must be forced) - image is referenced in multiple repositories');
  }
  const untagged = byName ? [normaliseReference(wanted)] : names;
  const last = untagged.length === names.length;
  if (last) checkUnused(store, image, options, byName ? wanted : undefined);
  for (const name of untagged) {
    db.run('DELETE FROM tags WHERE name = ?', name);
    postImageEvent(store, 'untag', image.id);
  }
  if (last) db.run("UPDATE images SET state = 'removing', owner = ? WHERE id = ?", currentOwner(), image.id);
  return { id: image.id, untagged, deleted: last ? image.id : undefined };
}

/** A container needs its image: for its diff, and as the parent of what is committed from it. */
function checkUnused(store: Store, image: ImageRow, options: RemoveImageOptions, name: string | undefined): void {
  const users = store.db.all<{ id: string; state: string }>('SELECT id, state FROM containers WHERE image = ?', image.id);
  const [user] = users;
  if (user !== undefined && name !== undefined && options.force !== true) {
    throw new DockerliteError('E_CONFLICT', `conflict: unable to remove repository reference ${JSON.stringify(name)} (must force) - container ${shortId(user.id)} is using its referenced image ${shortId(image.id)}`);
  }
  const running = users.find((user) => ['starting', 'running', 'paused'].includes(user.state));
  if (running !== undefined) {
    throw conflict(image, `(cannot be forced) - image is being used by running container ${shortId(running.id)}`);
  }
  if (user !== undefined && options.force !== true) {
    throw conflict(image, `(must be forced) - image is being used by stopped container ${shortId(user.id)}`);
  }
}

function conflict(image: ImageRow, why: string): DockerliteError {
  return new DockerliteError('E_CONFLICT', `conflict: unable to delete ${shortId(image.id)} ${why}`);
}
