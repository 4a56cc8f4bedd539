// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import { Engine } from '../../lib/engine';
import { initStore } from '../../lib/init';
import { buildBusyboxRootfs } from '../helpers/busybox';
import { Cli } from '../helpers/cli';
import { findings } from '../helpers/findings';
import { LoopStore } from '../helpers/loop-store';
import { removeRunDirectory } from '../helpers/run-directory';

describe('a disk', function () {
  this.timeout(180_000);
  let loop: LoopStore;
  let root: string;

  /** A small store; metadata and data share its space. */
  beforeEach(async () => {
    loop = await LoopStore.create(80, ['--mixed']);
    root = join(loop.path, 'store');
    await initStore({ root });
    await using engine = await Engine.open({ root, pool: 0 });
    await engine.images.import({ path: buildBusyboxRootfs(join(loop.directory, 'busybox')) }, { reference: 'busybox' });
  });
  afterEach(async () => {
    removeRunDirectory(root);
    await loop.remove();
  });

  const create = (engine: Engine) => engine.containers.create({ image: 'busybox', command: ['true'], network: 'none' });

  /** Small files live in the metadata itself. */
  function fillMetadata(directory: string): void {
    const content = Buffer.alloc(1900, 'x');
    for (let n = 0; ; n++) {
      const parent = join(directory, String(n));
      try {
        mkdirSync(parent);
        for (let i = 0; i < 1000; i++) writeFileSync(join(parent, String(i)), content);
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
        return;
      }
    }
  }

  it('full of metadata: what is there can be removed, and then everything goes on', async () => {
    await using engine = await Engine.open({ root, pool: 0 });
    const container = await create(engine);
    fillMetadata(join(root, 'containers', container.id, 'rootfs'));
    const before = readdirSync(join(root, 'containers')).length;
    for (const work of [() => create(engine), () => container.commit({ reference: 'more' }), () => engine.images.import({ path: join(loop.directory, 'busybox') })]) {
      const error = (await work().catch((reason: unknown) => reason)) as { code?: string };
      // The little that was kept back may suffice for one more.
      if (error instanceof Error) assert.equal(error.code, 'E_NO_SPACE', String(error));
    }
    assert.ok(readdirSync(join(root, 'containers')).length <= before + 1);
    for (const { id } of await engine.containers.list({ all: true })) await (await engine.containers.get(id)).remove({ force: true });
    // The kernel takes deleted subvolumes apart behind everybody's back.
    await btrfs.sync(root);
    execFileSync('btrfs', ['subvolume', 'sync', root]);
    await btrfs.sync(root);
    const next = await create(engine);
    await next.start();
    assert.equal((await next.wait()).exitCode, 0);
    await next.remove();
    assert.deepEqual(await findings(engine), []);
  });

  it('mounted read-only: every command says so, and nothing is lost', async () => {
    const { id } = await (async () => {
      await using engine = await Engine.open({ root, pool: 0 });
      return await create(engine);
    })();
    execFileSync('mount', ['-o', 'remount,ro', loop.path]);
    try {
      await assert.rejects(Engine.open({ root }), { code: 'E_PERMISSION', message: /cannot be written/, hint: /read-only/ });
      for (const args of [['ps'], ['create', 'busybox', 'true'], ['system', 'check'], ['system', 'check', '--repair']]) {
        const { status, stderr } = await new Cli(root).run(...args);
        assert.equal(status, 1, stderr);
        assert.match(stderr, /cannot be written.*\n.*read-only/);
      }
    } finally {
      execFileSync('mount', ['-o', 'remount,rw', loop.path]);
    }
    await using engine = await Engine.open({ root, pool: 0 });
    const container = await engine.containers.get(id);
    await container.start();
    assert.equal((await container.wait()).exitCode, 0);
    await container.remove();
    assert.deepEqual(await findings(engine), []);
  });
});
