// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import * as btrfs from './binding/btrfs';
import { DockerliteError, invalid } from './errors';
import { createEmptyImage } from './images/empty';
import { chooseSubnet } from './network/subnet';
import { checkShape, FLAG, NUMBER, options as shape, TEXT } from './util/shape';
import { withUndo } from './util/undo';
import { StateDatabase } from './store/database';
import { type Backing, beginInit, endInit, settleInit, undoInit } from './store/init-journal';
import { Layout } from './store/layout';
import { enableQuotas } from './store/quotas';
import { BTRFS_MAGIC, readMarker, requireRoot, type StoreMarker } from './store/store';

const INIT = shape({ root: TEXT, size: NUMBER, device: TEXT, force: FLAG, subnet: TEXT });
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
  backing: Backing;
  subnet: string;
}

/**
 * Prepares the store: a subvolume where the root lies on btrfs, else a sparse image file beside it, or a block device.
 * Takes back everything when it fails half-way.
 *
 * @throws E_STORE_EXISTS, E_INVALID, E_PERMISSION, E_NO_SPACE, E_CONFLICT (the directory or device holds something)
 */
export async function initStore(options: InitOptions): Promise<InitResult> {
  checkShape('options', options, INIT);
  checkShape('store root', options.root, TEXT);
  requireRoot();
  const { root } = options;
  if (!root.startsWith('/')) throw invalid('store root', 'an absolute path', root);
  if (options.size !== undefined && !(options.size >= MIN_SIZE)) {
    throw invalid('store size', `at least ${MIN_SIZE >> 20} MiB`, options.size);
  }
  await settleInit(root);
  if (readMarker(root) !== undefined || existsSync(Layout.loopImage(root)) || existsSync(Layout.deviceFile(root))) {
    throw new DockerliteError('E_STORE_EXISTS', `there is a dockerlite store at ${root} already`, { path: root });
  }
  if (existsSync(root) && readdirSync(root).length > 0) {
    throw new DockerliteError('E_CONFLICT', `${root} is not empty`, { path: root, hint: 'choose another --root' });
  }
  const subnet = await chooseSubnet(options.subnet);
  return withUndo(async (undo) => {
    const backing = await chooseBacking(options);
    const journal = beginInit(root, backing);
    undo.add(() => undoInit(root, journal));
    await PREPARE[backing](options);
    const marker: StoreMarker = { version: 1, id: randomBytes(8).toString('hex'), subnet };
    const layout = new Layout(root, marker.id);
    undo.add(() => rmSync(layout.run, { recursive: true, force: true })); // taking the image back is an event
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
    endInit(root);
    return { root, id: marker.id, backing, subnet };
  });
}

async function chooseBacking({ root, device }: InitOptions): Promise<Backing> {
  mkdirSync(dirname(root), { recursive: true, mode: 0o755 });
  if (device !== undefined) return 'device';
  return (await btrfs.statfs(dirname(root))).type === BTRFS_MAGIC ? 'subvolume' : 'loop';
}

/** What each kind of store needs before its first directory; what they make is taken back by undoInit. */
const PREPARE: Record<Backing, (options: InitOptions) => Promise<void>> = {
  async device({ root, device = '', force }) {
    await formatDevice(device, force === true);
    mkdirSync(root, { recursive: true, mode: 0o700 });
    await btrfs.mountDevice(device, root);
    await enableQuotas(root);
    writeFileSync(Layout.deviceFile(root), `${device}\n`, { flag: 'wx', mode: 0o600 });
  },
  async subvolume({ root }) {
    if (existsSync(root)) rmdirSync(root); // known to be empty
    await btrfs.subvolumeCreate(dirname(root), basename(root));
  },
  async loop({ root, size = 20 * 1024 ** 3 }) {
    const image = Layout.loopImage(root);
    makeSparse(image, size);
    await mkfs(image);
    mkdirSync(root, { recursive: true, mode: 0o700 });
    await btrfs.mountLoop(image, root);
    await enableQuotas(root);
  },
};

function makeSparse(path: string, size: number): void {
  const fd = openSync(path, 'wx', 0o600);
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
