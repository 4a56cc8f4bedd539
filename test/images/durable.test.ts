// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import { Engine } from '../../lib/engine';
import { MOUNT_POINTS } from '../../lib/images/mount-points';
import type { Image } from '../../lib/images/record';
import { initStore } from '../../lib/init';
import { buildBusyboxRootfs } from '../helpers/busybox';
import { findings } from '../helpers/findings';
import { removeRunDirectory } from '../helpers/run-directory';

const SIZE = 512 * 1024 ** 2;

/**
 * Pulls the plug: keeps what the disk holds at this moment, without what the kernel still has in memory. The copies have
 * the id of the original, so they are looked at once that is unmounted.
 */
class Plug {
  private readonly pulled: { copy: string; look(engine: Engine): Promise<void> }[] = [];

  constructor(
    private readonly image: string,
    private readonly directory: string,
  ) {}

  /** `look` sees the store as it comes up after a power cut now. */
  pull(look: (engine: Engine) => Promise<void>): void {
    const copy = join(this.directory, `after-${this.pulled.length + 1}`);
    execFileSync('cp', ['--sparse=always', '--reflink=auto', this.image, `${copy}.img`]);
    this.pulled.push({ copy, look });
  }

  /** How many stores came up and were looked at. */
  async lookAtAll(): Promise<number> {
    for (const { copy, look } of this.pulled) {
      mkdirSync(copy);
      try {
        await using engine = await Engine.open({ root: copy, pool: 0 });
        await look(engine);
      } finally {
        removeRunDirectory(copy);
        await btrfs.unmount(copy).catch(() => undefined);
        rmSync(`${copy}.img`);
      }
    }
    return this.pulled.length;
  }
}

describe('an image that was acknowledged survives a power cut', () => {
  let directory: string;
  let engine: Engine;
  let plug: Plug;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
    const root = join(directory, 'store');
    await initStore({ root, size: SIZE });
    engine = await Engine.open({ root, pool: 0 });
    plug = new Plug(`${root}.img`, directory);
  });
  after(async () => {
    await btrfs.unmount(engine.root).catch(() => undefined);
    rmSync(directory, { recursive: true });
  });

  /** Whole, named, and in a store that is well. */
  const survives = (image: Image, file: string, text: string) =>
    plug.pull(async (after) => {
      const found = await after.images.get(image.tags[0] ?? image.id);
      assert.deepEqual(found.oci, image.oci);
      assert.equal(readFileSync(join(after.root, 'images', image.id, 'rootfs', file), 'utf8'), text);
      assert.deepEqual((await findings(after, { repair: true })).filter(({ failed }) => failed !== undefined), []);
      assert.deepEqual((await findings(after)).filter(({ note }) => note !== true), []);
    });

  it('init', () => plug.pull(async (after) => assert.deepEqual((await after.images.list()).map(({ tags }) => tags), [['empty:latest']])));

  it('import of a directory', async () => {
    const path = buildBusyboxRootfs(join(directory, 'busybox'));
    writeFileSync(join(path, 'etc/motd'), 'hello');
    survives(await engine.images.import({ path }, { reference: 'busybox' }), 'etc/motd', 'hello');
  });

  it('import of an archive', async () => {
    const tar = join(directory, 'busybox.tar');
    execFileSync('tar', ['-C', join(directory, 'busybox'), '-cf', tar, '.']);
    survives(await engine.images.import({ path: tar }, { reference: 'from-tar' }), 'etc/motd', 'hello');
  });

  it('commit, of what was written the moment before', async () => {
    const container = await engine.containers.create({ image: 'busybox', command: ['true'], network: 'none' });
    for (const text of ['one', 'two', 'three']) {
      writeFileSync(join(engine.root, 'containers', container.id, 'rootfs/written'), text);
      survives(await container.commit({ reference: `commit:${text}` }), 'written', text);
    }
  });

  it('load, of one that containers start from and of one that lacks places for their mounts', async () => {
    const whole = join(directory, 'whole');
    for (const path of MOUNT_POINTS.directories) mkdirSync(join(whole, path), { recursive: true });
    for (const path of MOUNT_POINTS.files) mkdirSync(dirname(join(whole, path)), { recursive: true });
    for (const path of [...MOUNT_POINTS.files, 'etc/motd']) writeFileSync(join(whole, path), 'hello');
    for (const [name, path] of [['partial', join(directory, 'busybox')], ['whole', whole]] as const) {
      const tar = join(directory, `${name}.tar`);
      const made = await engine.images.import({ path }, { reference: name });
      await engine.images.save([name], { path: tar });
      await engine.images.remove(made.id, { force: true });
      const [loaded] = await engine.images.load({ path: tar }).result;
      const image = await engine.images.get(loaded?.id ?? '');
      assert.equal(existsSync(join(engine.root, 'images', image.id, 'base')), name === 'partial');
      survives(image, 'etc/motd', 'hello');
    }
  });

  it('and one that is being made is not there', async () => {
    const making = engine.images.import({ path: join(directory, 'busybox') }, { reference: 'unfinished' });
    plug.pull(async (after) => {
      const tags = (await after.images.list()).map((image) => image.tags.join());
      assert.ok(!tags.includes('unfinished:latest'), String(tags));
      assert.ok(tags.includes('commit:three'));
    });
    await making;
  });

  it('in every store that came up afterwards', async () => {
    await engine.close();
    removeRunDirectory(engine.root);
    await btrfs.unmount(engine.root);
    assert.equal(await plug.lookAtAll(), 9);
  });
});
