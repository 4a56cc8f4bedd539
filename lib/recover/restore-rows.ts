// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, statSync } from 'node:fs';
import * as btrfs from '../binding/btrfs';
import type { Finding } from '../check/finding';
import { normaliseSpec } from '../containers/normalise';
import { architecture } from '../images/oci';
import type { OciImage } from '../images/record';
import type { Store } from '../store/store';
import { shortId } from '../util/id';

/** Gives images, volumes and containers that have lost their rows new ones: their files are what counts. */
export async function* restoreRows(store: Store): AsyncGenerator<Finding> {
  const byUuid = new Map<string, string>();
  for (const id of ids(store.layout.images)) {
    if (!existsSync(store.layout.imageRootfs(id))) continue; // it was not finished
    for (const path of [store.layout.imageRootfs(id), store.layout.imageBase(id)]) {
      if (existsSync(path)) byUuid.set((await btrfs.subvolumeInfo(path)).uuid, id);
    }
    if (restoreImage(store, id)) {
      yield { kind: 'tree without a row', what: `image ${shortId(id)}`, detail: 'its row is lost', repaired: `named recovered:${shortId(id)}, without its configuration` };
    }
  }
  for (const name of existsSync(store.layout.volumes) ? readdirSync(store.layout.volumes) : []) {
    if (restoreVolume(store, name)) yield { kind: 'tree without a row', what: `volume ${name}`, detail: 'its row is lost', repaired: 'in its place again, without labels and options' };
  }
  for (const id of ids(store.layout.containers)) {
    const rootfs = store.layout.containerRootfs(id);
    if (!existsSync(rootfs)) continue;
    const image = byUuid.get((await btrfs.subvolumeInfo(rootfs)).parentUuid) ?? '';
    if (restoreContainer(store, id, image)) {
      yield { kind: 'tree without a row', what: `container ${shortId(id)}`, detail: 'its row is lost', repaired: `named recovered_${shortId(id)}, with default settings` };
    }
  }
}

function restoreImage({ db, layout }: Store, id: string): boolean {
  if (db.get('SELECT 1 FROM images WHERE id = ?', id) !== undefined) return false;
  const created = statSync(layout.image(id)).mtime;
  const oci: OciImage = {
    created: created.toISOString(),
    architecture: architecture(),
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
    history: [{ created: created.toISOString(), comment: 'recovered; its configuration was lost' }],
  };
  db.transaction(() => {
    const hasBase = existsSync(layout.imageBase(id)) ? 1 : 0;
    db.run("INSERT INTO images (id, state, owner, created, config, has_base) VALUES (?, 'ready', '', ?, ?, ?)", id, created.getTime(), JSON.stringify(oci), hasBase);
    db.run('INSERT OR IGNORE INTO tags (name, image) VALUES (?, ?)', `recovered:${shortId(id)}`, id);
  });
  return true;
}

function restoreVolume({ db, layout }: Store, name: string): boolean {
  if (!existsSync(layout.volumeData(name))) return false;
  const created = Math.round(statSync(layout.volume(name)).mtimeMs);
  return db.run("INSERT OR IGNORE INTO volumes (name, state, owner, created, labels, options) VALUES (?, 'ready', '', ?, '{}', '{}')", name, created) > 0;
}

function restoreContainer({ db, layout }: Store, id: string, image: string): boolean {
  if (db.get('SELECT 1 FROM containers WHERE id = ?', id) !== undefined) return false;
  const spec = normaliseSpec(id, { image, command: ['sh'] }, {});
  const base = image !== '' && existsSync(layout.imageBase(image)) ? 'base' : 'rootfs';
  db.run(
    `INSERT INTO containers (id, name, image, image_name, state, owner, created, spec, base) VALUES (?, ?, ?, ?, 'exited', '', ?, ?, ?)`,
    ...[id, `recovered_${shortId(id)}`, image, image, Math.round(statSync(layout.container(id)).mtimeMs), JSON.stringify(spec), base],
  );
  return true;
}

function ids(directory: string): string[] {
  return readdirSync(directory).filter((name) => /^[0-9a-f]{64}$/.test(name));
}
