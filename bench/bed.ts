// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as btrfs from '../lib/binding/btrfs';
import { Engine } from '../lib/engine';
import { DockerliteError } from '../lib/errors';
import { removeNetworks } from '../lib/containers/network-state';
import { initStore, type InitResult } from '../lib/init';
import { Layout } from '../lib/store/layout';
import { buildReferences } from './reference';

export const IMAGE = 'bench';
const APPLETS = ['sh', 'sleep', 'true'];

/** What every measurement works with: a store of its own with a small image, an engine on it, and the C programs. */
export class Bed {
  private constructor(
    /** For files that need no btrfs; gone afterwards. */
    readonly directory: string,
    readonly store: InitResult,
    readonly engine: Engine,
    /** A subvolume with the image's files. */
    readonly source: string,
  ) {}

  /** `root` must not be a store yet; by default it is below the system's directory for temporary files. */
  static async make(root?: string): Promise<Bed> {
    const directory = mkdtempSync(join(tmpdir(), 'dockerlite-bench-'));
    let store: InitResult | undefined;
    let engine: Engine | undefined;
    try {
      await buildReferences(directory);
      store = await initStore({ root: root ?? join(directory, 'store'), size: 16 * 1024 ** 3 });
      engine = await Engine.open({ root: store.root });
      const image = await engine.images.import({ path: makeTree(join(directory, 'tree')) }, { reference: IMAGE, changes: ['CMD ["true"]'] });
      const layout = new Layout(store.root, store.id);
      mkdirSync(`${store.root}/bench`);
      // What containers are snapshots of, with the places of their mounts.
      const source = [layout.imageBase(image.id), layout.imageRootfs(image.id)].find((path) => readdirSync(dirname(path)).includes(basename(path)));
      return new Bed(directory, store, engine, source as string);
    } catch (error) {
      await engine?.close();
      if (store !== undefined) await removeStore(store);
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get layout(): Layout {
    return new Layout(this.store.root, this.store.id);
  }

  /** A directory on the store's file system, outside of what the engine knows. */
  scratch(name: string): string {
    const path = `${this.store.root}/bench/${name}`;
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Removes every container. */
  async clear(): Promise<void> {
    const containers = await this.engine.containers.list({ all: true });
    await Promise.all(containers.map(async ({ id }) => (await this.engine.containers.get(id)).remove({ force: true })));
  }

  async remove(): Promise<void> {
    await this.clear();
    await this.engine.close();
    await removeNetworks({ version: 1, id: this.store.id, subnet: this.store.subnet }, []);
    await removeStore(this.store);
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(this.layout.run, { recursive: true, force: true });
    // liblxc leaves the directories of its lock files.
    for (const path of [this.layout.run, this.store.root, this.directory]) rmSync(`/run/lxc/lock${path}`, { recursive: true, force: true });
  }
}

async function removeStore({ root, backing }: InitResult): Promise<void> {
  if (backing === 'subvolume') return btrfs.subvolumeDelete(dirname(root), basename(root));
  await unmountPatiently(root);
  rmdirSync(root);
  rmSync(Layout.loopImage(root), { force: true });
}

/** The last supervisors may still be removing what their containers needed. */
async function unmountPatiently(root: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await btrfs.unmount(root);
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The least a container needs, of Debian's static busybox. */
function makeTree(directory: string): string {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp']) mkdirSync(join(directory, name), { recursive: true });
  const busybox = join(directory, 'bin/busybox');
  try {
    copyFileSync('/bin/busybox', busybox);
  } catch (cause) {
    throw new DockerliteError('E_UNSUPPORTED', 'the benchmark makes its image of /bin/busybox, which is missing', {
      hint: 'apt-get install busybox-static',
      cause,
    });
  }
  for (const name of APPLETS) linkSync(busybox, join(directory, 'bin', name));
  return directory;
}
