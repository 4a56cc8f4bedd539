// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import { Engine } from '../../lib/engine';
import { DockerliteError } from '../../lib/errors';
import { initStore } from '../../lib/init';
import { LoopStore } from '../helpers/loop-store';
import { Boundary } from './boundary';

const SIZE = 256 * 1024 ** 2;

describe('an init that does not come to its end', function () {
  this.timeout(300_000);
  let loop: LoopStore;
  let plain: string;
  before(async () => {
    loop = await LoopStore.create(1024);
    plain = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
  });
  after(async () => {
    await loop.remove();
    rmSync(plain, { recursive: true });
  });

  async function removeStore(root: string): Promise<void> {
    if (root.startsWith(plain)) {
      await btrfs.unmount(root).catch(() => undefined);
      rmSync(root, { recursive: true, force: true });
      rmSync(`${root}.img`, { force: true });
    } else await btrfs.subvolumeDelete(join(root, '..'), 'store');
  }

  // Making an image takes longer: only some of its calls.
  for (const [kind, step, parent] of [['a subvolume', 1, () => loop.path], ['an image', 4, () => plain]] as const) {
    it(`as ${kind}: whatever call fails, nothing is left and it can be done again`, async () => {
      const root = join(parent(), 'store');
      const before = readdirSync(parent());
      const boundary = new Boundary();
      try {
        await initStore({ root, size: SIZE });
        await removeStore(root);
        for (let n = 1; ; n += step) {
          const error = await boundary.watch(n, 'before', () => initStore({ root, size: SIZE })).catch((reason: unknown) => reason);
          const { fired } = boundary;
          if (error instanceof Error) {
            assert.ok(error instanceof DockerliteError, `${fired}: ${error.stack}`);
            assert.deepEqual(readdirSync(parent()), before, fired);
            await initStore({ root, size: SIZE });
          }
          await (await Engine.open({ root })).close();
          await removeStore(root);
          if (fired === undefined) break;
        }
      } finally {
        boundary.remove();
      }
    });

    it(`as ${kind}: killed anywhere, the next one begins anew or finds it complete`, async () => {
      const root = join(parent(), 'store');
      const program = join(plain, 'init.js');
      writeFileSync(
        program,
        `const { Boundary } = require(${JSON.stringify(require.resolve('./boundary'))});
         const { initStore } = require(${JSON.stringify(require.resolve('../../lib/init'))});
         new Boundary().kill(Number(process.argv[2]), () => initStore({ root: ${JSON.stringify(root)}, size: ${SIZE} }));`,
      );
      for (let n = 1; ; n += 3 + step) {
        const child = fork(program, [String(n)]);
        const [, signal] = (await once(child, 'exit')) as [number, NodeJS.Signals | null];
        if (signal !== null) {
          const missing = await Engine.open({ root }).catch((error: unknown) => error);
          if (missing instanceof Engine) await missing.close();
          else assert.equal((missing as DockerliteError).code, 'E_STORE_MISSING', String(missing));
        }
        await initStore({ root, size: SIZE }).catch((error: unknown) => assert.equal((error as DockerliteError).code, 'E_STORE_EXISTS', String(error)));
        await (await Engine.open({ root })).close();
        assert.ok(!existsSync(`${root}.init`));
        await removeStore(root);
        if (signal === null) break;
      }
      rmSync(program);
    });
  }

  it('leaves a directory that was there', async () => {
    const root = join(plain, 'store');
    mkdirSync(root);
    const boundary = new Boundary();
    await boundary.watch(15, 'before', () => initStore({ root, size: SIZE })).catch(() => undefined);
    boundary.remove();
    assert.ok(boundary.fired !== undefined);
    assert.deepEqual(readdirSync(plain), ['store']);
    rmSync(root, { recursive: true });
  });

  it('is not disturbed by a second one at the same time', async () => {
    const root = join(plain, 'store');
    const results = await Promise.allSettled([initStore({ root, size: SIZE }), initStore({ root, size: SIZE })]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await (await Engine.open({ root })).close();
    await removeStore(root);
  });
});
