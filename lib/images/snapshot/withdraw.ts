// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../../context';
import { DockerliteError } from '../../errors';
import { shortId } from '../../util/id';
import { atWork, currentOwner } from '../../util/owner';
import { discardImage } from '../publish';

/**
 * Takes away an image that was received, for the one of the same id whose layers are what its configuration says they are: of
 * the received tree nobody knows that. Returns the names it had.
 * @throws E_CONFLICT while containers use it
 */
export async function withdrawReceived({ store, pool }: Context, id: string): Promise<string[]> {
  const { db } = store;
  const names = db.transaction(() => {
    const user = db.get<{ id: string }>('SELECT id FROM containers WHERE image = ? LIMIT 1', id);
    if (user !== undefined) {
      throw new DockerliteError('E_CONFLICT', `conflict: image ${shortId(id)} was received as a snapshot, which container ${shortId(user.id)} uses: it cannot become the verified image of the same id`, {
        hint: 'Remove the containers that were made from it first.',
      });
    }
    const taken = db.run("UPDATE images SET state = 'removing', owner = ? WHERE id = ? AND state = 'ready' AND received <> ''", currentOwner(), id);
    return taken === 0 ? undefined : db.all<{ name: string }>('SELECT name FROM tags WHERE image = ?', id).map(({ name }) => name);
  });
  if (names === undefined) return [];
  await atWork([id], async () => {
    await pool.drain(id);
    await discardImage(store, id);
  });
  return names;
}
