// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as btrfs from '../binding/btrfs';
import { DockerliteError } from '../errors';
import { StateDatabase } from './database';
import { Layout } from './layout';
import { keepReserve } from './reserve';

/** f_type of statfs(2), linux/magic.h. */
export const BTRFS_MAGIC = 0x9123683e;

/** What dockerlite.json says. */
export interface StoreMarker {
  version: 1;
  /** 16 hex digits; names the run directory, the bridge and the rules of this store. */
  id: string;
  /** Subnet of the default bridge, CIDR. */
  subnet: string;
}

/** An open store: its paths and its state. */
export interface Store {
  readonly layout: Layout;
  readonly marker: StoreMarker;
  readonly db: StateDatabase;
}

/** `--root`, else $DOCKERLITE_ROOT, else /var/lib/dockerlite; absolute, as supervisors are somewhere else. */
export function storeRoot(given?: string): string {
  return resolve(given || process.env.DOCKERLITE_ROOT || Layout.defaultRoot);
}

/** @throws E_STORE_MISSING, E_STORE_DAMAGED, E_PERMISSION */
export async function openStore(root: string): Promise<Store> {
  requireRoot();
  const marker = readMarker(root) ?? (await remount(root));
  if (statfsSync(root).type !== BTRFS_MAGIC) {
    throw new DockerliteError('E_NOT_BTRFS', `${root} is not on btrfs any more`, { path: root, hint: 'a store cannot be moved by copying its files' });
  }
  const layout = new Layout(root, marker.id);
  keepReserve(layout);
  return { layout, marker, db: StateDatabase.open(layout.database) };
}

export function requireRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new DockerliteError('E_PERMISSION', 'dockerlite needs root to make snapshots and containers', { hint: 'run it with sudo' });
}

export function readMarker(root: string): StoreMarker | undefined {
  const path = Layout.marker(root);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new DockerliteError('E_PERMISSION', `cannot read ${path}: ${(error as Error).message}`, { path, cause: error });
  }
  try {
    const marker = JSON.parse(text) as StoreMarker;
    if (marker.version === 1 && /^[0-9a-f]{16}$/.test(marker.id)) return marker;
  } catch {
    // falls through to the same answer
  }
  throw new DockerliteError('E_STORE_DAMAGED', `${path} is not one this dockerlite can read`, {
    path,
    hint: 'it holds {"version":1,"id":16 hex digits,"subnet":CIDR}; the id is in the names of /run/dockerlite and of the bridge',
  });
}

/** After a reboot the loop image lies beside an empty directory: the first command that needs the store mounts it again. */
async function remount(root: string): Promise<StoreMarker> {
  if (existsSync(Layout.initJournal(root))) {
    throw new DockerliteError('E_STORE_MISSING', `the store at ${root} is not complete`, {
      path: root,
      hint: 'wait for the init that makes it; when that was interrupted: dockerlite init',
    });
  }
  const image = Layout.loopImage(root);
  const device = Layout.deviceFile(root);
  if (existsSync(image)) await btrfs.mountLoop(image, root);
  else if (existsSync(device)) await btrfs.mountDevice(readFileSync(device, 'utf8').trim(), root);
  const marker = readMarker(root);
  if (marker !== undefined) return marker;
  throw new DockerliteError('E_STORE_MISSING', `there is no dockerlite store at ${root}`, {
    path: root,
    hint: 'make one with: dockerlite init',
  });
}
