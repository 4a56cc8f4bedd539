// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import * as btrfs from './binding/btrfs';
import { DockerliteError, invalid } from './errors';
import { createEmptyImage } from './images/empty';
import { chooseSubnet } from './network/subnet';
import { type Undo, withUndo } from './util/undo';
import { StateDatabase } from './store/database';
import { Layout } from './store/layout';
import { enableQuotas } from './store/quotas';
import { BTRFS_MAGIC, readMarker, requireRoot, type StoreMarker } from './store/store';

const MIN_SIZE = 256 * 1024 * 1024;

export interface InitOptions {
  root: string;
  /** Bytes of the sparse loop image made where the root is not on btrfs; default 20 GiB. */
  size?: number;
  /** A block device to format and use instead. */
  device?: string;
  /** Format a device although it holds something. */
  force?: boolean;
  /** Subnet of the default bridge, CIDR; default: a free private one. */
  subnet?: string;
}

export interface InitResult {
  root: string;
  id: string;
  /** How the store is kept. */
  backing: 'subvolume' | 'loop' | 'device';
  subnet: string;
}

/**
 * Prepares the store: a subvolume where the root lies on btrfs, else a sparse image file beside it, or a block device.
 * Takes back everything when it fails half-way.
 *
 * @throws E_STORE_EXISTS, E_INVALID, E_PERMISSION, E_NO_SPACE, E_CONFLICT (the directory or device holds something)
 */
export async function initStore(options: InitOptions): Promise<InitResult> {
  requireRoot();
  const { root } = options;
  if (!root.startsWith('/')) throw invalid('store root', 'an absolute path', root);
  if (options.size !== undefined && !(options.size >= MIN_SIZE)) {
    throw invalid('store size', `at least ${MIN_SIZE >> 20} MiB`, options.size);
  }
  if (readMarker(root) !== undefined || existsSync(Layout.loopImage(root)) || existsSync(`${root}.device`)) {
    throw new DockerliteError('E_STORE_EXISTS', `there is a dockerlite store at ${root} already`, { path: root });
  }
  if (existsSync(root) && readdirSync(root).length > 0) {
    throw new DockerliteError('E_CONFLICT', `${root} is not empty`, { path: root, hint: 'choose another --root' });
  }
  const subnet = await chooseSubnet(options.subnet);
  return withUndo(async (undo) => {
    const backing = await prepareTree(options, undo);
    const marker: StoreMarker = { version: 1, id: randomBytes(8).toString('hex'), subnet };
    const layout = new Layout(root, marker.id);
    for (const path of [layout.state, layout.images, layout.containers, layout.pool, layout.tmp]) mkdirSync(path, { mode: 0o700 });
    // SQLite maps a file of its state into memory. Where writing means allocating, a full disk would be a SIGBUS.
    await btrfs.disableCopyOnWrite(layout.state);
    const db = StateDatabase.open(layout.database, true);
    try {
      await createEmptyImage({ layout, marker, db });
    } finally {
      db.close();
    }
    writeFileSync(Layout.marker(root), `${JSON.stringify(marker)}\n`, { flag: 'wx', mode: 0o600 });
    await btrfs.sync(root);
    return { root, id: marker.id, backing, subnet };
  });
}

async function prepareTree(options: InitOptions, undo: Undo): Promise<InitResult['backing']> {
  const { root } = options;
  mkdirSync(dirname(root), { recursive: true, mode: 0o755 });
  if (options.device !== undefined) {
    await formatDevice(options.device, options.force === true);
    makeRoot(root, undo);
    await btrfs.mountDevice(options.device, root);
    undo.add(() => btrfs.unmount(root));
    await enableQuotas(root);
    writeFileSync(`${root}.device`, `${options.device}\n`, { flag: 'wx', mode: 0o600 });
    undo.add(() => unlinkSync(`${root}.device`));
    return 'device';
  }
  if ((await btrfs.statfs(dirname(root))).type === BTRFS_MAGIC) {
    const existed = existsSync(root);
    if (existed) rmdirSync(root); // known to be empty
    await btrfs.subvolumeCreate(dirname(root), basename(root));
    undo.add(async () => {
      await btrfs.subvolumeDelete(dirname(root), basename(root));
      if (existed) mkdirSync(root);
    });
    return 'subvolume';
  }
  const image = Layout.loopImage(root);
  makeSparse(image, options.size ?? 20 * 1024 ** 3, undo);
  await mkfs(image);
  makeRoot(root, undo);
  await btrfs.mountLoop(image, root);
  undo.add(() => btrfs.unmount(root));
  await enableQuotas(root);
  return 'loop';
}

function makeRoot(root: string, undo: Undo): void {
  if (existsSync(root)) return;
  mkdirSync(root, { mode: 0o700 });
  undo.add(() => rmSync(root, { recursive: true, force: true }));
}

function makeSparse(path: string, size: number, undo: Undo): void {
  const fd = openSync(path, 'wx', 0o600);
  undo.add(() => unlinkSync(path));
  try {
    ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
}

async function formatDevice(device: string, force: boolean): Promise<void> {
  const found = await btrfs.probeSignature(device);
  if (found !== '' && !force) {
    throw new DockerliteError('E_CONFLICT', `${device} holds data already (${found})`, {
      path: device,
      hint: 'add --force to format it, which destroys what it holds',
    });
  }
  await mkfs(device);
}

/** Formatting happens once in a store's life and has no library: the one program of btrfs-progs that is ever run. */
async function mkfs(target: string): Promise<void> {
  try {
    await promisify(execFile)('mkfs.btrfs', ['-q', '-f', '-m', 'single', '-L', 'dockerlite', target]);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const said = missing ? 'mkfs.btrfs is not installed' : String((error as { stderr?: string }).stderr ?? error).trim();
    throw new DockerliteError('E_SYSTEM', `cannot format ${target}: ${said}`, {
      path: target,
      ...(missing ? { hint: 'install btrfs-progs' } : {}),
      cause: error,
    });
  }
}
