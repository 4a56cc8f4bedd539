// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import { postImageEvent } from './image-events';
import { collectLayers } from './layer-rows';
import { MOUNT_POINTS } from './mount-points';
import type { Store } from '../store/store';
import { checkAborted } from '../util/aborted';
import { atWork, currentOwner } from '../util/owner';
import type { Undo } from '../util/undo';
import type { ImageRow, OciImage } from './record';

export interface NewImage {
  oci: OciImage;
  parent: string;
  size: number;
  /** repository:tag to give it; a name that pointed elsewhere moves. */
  tag?: string;
  /** Of an image from elsewhere: what it is there, and the layers it is made of. */
  origin?: { id: string; chain: string; rawConfig: string; manifest: string };
  /** Of an image that came as a snapshot: what it is there, see ImageRow. */
  received?: { id: string; config: string };
  /**
   * The tree itself becomes the image, instead of a snapshot of it: it is nobody else's, and what is in it on the disk. To remove one, with
   * all that the kernel knows of its files, takes a tenth of the time that unpacking them took.
   */
  isTaken?: boolean;
  /** More that becomes true with it, in the same transaction. */
  onReady?: (id: string) => void;
  /** Until it is ready. */
  signal?: AbortSignal;
}

/** The id: digest of the configuration, as everywhere in the OCI world. A nonce keeps equal configurations of unequal trees apart. */
export function imageId(oci: OciImage): string {
  return createHash('sha256').update(JSON.stringify(oci)).digest('hex');
}

/** diff_id for a tree whose layer has no tar yet: names the snapshot it is. */
export function snapshotDiffId(): string {
  return `snapshot:${randomBytes(32).toString('hex')}`;
}

/**
 * Makes an image of a subvolume. The row is written first, as `creating` and owned by this process, so that whatever is
 * left after a crash is known to be garbage; it turns `ready` in one durable transaction after the snapshot's own commit.
 * @throws E_ABORTED
 */
export function publishImage(store: Store, source: string, image: NewImage, undo: Undo): Promise<ImageRow> {
  const id = image.origin?.id ?? image.received?.id ?? imageId(image.oci);
  return atWork([id], () => publish(store, source, { ...image, id }, undo));
}

async function publish(store: Store, source: string, image: NewImage & { id: string }, undo: Undo): Promise<ImageRow> {
  const { db, layout } = store;
  const { id, origin } = image;
  const row: ImageRow = {
    id,
    state: 'creating',
    owner: currentOwner(),
    created: Date.parse(image.oci.created),
    parent: image.parent,
    config: JSON.stringify(image.oci),
    size: image.size,
    has_base: 0,
    chain: origin?.chain ?? '',
    raw_config: origin?.rawConfig ?? '',
    manifest: origin?.manifest ?? '',
    received: image.received?.config ?? '',
  };
  db.run(
    'INSERT INTO images (id, state, owner, created, parent, config, size, chain, raw_config, manifest, received) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ...[row.id, row.state, row.owner, row.created, row.parent, row.config, row.size, row.chain, row.raw_config, row.manifest, row.received],
  );
  undo.add(() => discardImage(store, id));
  mkdirSync(layout.image(id), { mode: 0o700 });
  if (image.isTaken === true) await take(source, layout.imageRootfs(id));
  else await btrfs.snapshotCreate(source, layout.image(id), 'rootfs', true);
  checkAborted(image.signal);
  row.has_base = (await makeBase(store, id)) ? 1 : 0;
  checkAborted(image.signal);
  db.durably(() => {
    db.run("UPDATE images SET state = 'ready', owner = '', has_base = ? WHERE id = ?", row.has_base, id);
    if (image.tag !== undefined) {
      db.run('INSERT INTO tags (name, image) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET image = excluded.image', image.tag, id);
    }
    image.onReady?.(id);
  });
  return { ...row, state: 'ready' };
}

/** The new name is on the disk with the next durable change: after that of a subvolume btrfs commits everything for a fsync. */
async function take(source: string, target: string): Promise<void> {
  renameSync(source, target);
  await btrfs.subvolumeSetReadonly(target, true);
}

/**
 * Containers need places to mount /dev, /proc, /etc/hosts and so on. When the image lacks one, containers start from a
 * second snapshot that has them, so that making them never shows in a container's diff.
 */
async function makeBase(store: Store, id: string): Promise<boolean> {
  const { layout } = store;
  const { directories, files } = MOUNT_POINTS;
  const missing = await btrfs.missingMountPoints(layout.imageRootfs(id), directories, files);
  if (missing.length === 0) return false;
  await btrfs.snapshotCreate(layout.imageRootfs(id), layout.image(id), 'base', false);
  const wanted = (path: string) => missing.includes(path);
  await btrfs.makeMountPoints(layout.imageBase(id), directories.filter(wanted), files.filter(wanted));
  await btrfs.subvolumeSetReadonly(layout.imageBase(id), true);
  return true;
}

/** Removes an image's trees, then its row, then the layers nobody else needs. Safe to repeat, and after any part of it was done. */
export async function discardImage(store: Store, id: string): Promise<void> {
  const { db, layout } = store;
  const { chain } = db.get<{ chain: string }>('SELECT chain FROM images WHERE id = ?', id) ?? { chain: '' };
  for (const name of ['base', 'rootfs']) await btrfs.subvolumeDelete(layout.image(id), name);
  rmSync(layout.image(id), { recursive: true, force: true });
  db.transaction(() => {
    const row = db.get<Pick<ImageRow, 'state'>>('DELETE FROM images WHERE id = ? RETURNING state', id);
    if (row !== undefined && row.state !== 'creating') postImageEvent(store, 'delete', id);
  });
  await collectLayers(store, chain);
}
