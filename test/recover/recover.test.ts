// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { randomFillSync } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../lib/engine';
import type { Finding } from '../../lib/check/finding';
import type { DockerliteError } from '../../lib/errors';
import { examineState, recoverState } from '../../lib/recover/recover';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';

/** Writes random bytes over a part of a file. */
function scribble(path: string, from: number, length: number): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, randomFillSync(Buffer.alloc(length)), 0, length, from);
  closeSync(fd);
}

interface Damage {
  name: string;
  damage(state: string): void;
  /** No row can be read any more. */
  everything: boolean;
}

const DAMAGES: Damage[] = [
  { name: 'of zero length', damage: (state) => truncateSync(state), everything: true },
  { name: 'that is gone', damage: (state) => rmSync(state), everything: true },
  { name: 'whose head was overwritten', damage: (state) => scribble(state, 0, 4096), everything: true },
  { name: 'of random bytes', damage: (state) => scribble(state, 0, statSync(state).size), everything: true },
  { name: 'that was cut off', damage: (state) => truncateSync(state, 4096 * 5), everything: false },
  { name: 'with a damaged middle', damage: (state) => scribble(state, 4096 * 2, 4096 * 8), everything: false },
];

describe('a damaged state', () => {
  for (const { name, damage, everything } of DAMAGES) {
    it(`${name}: says which file and what to do, and is made anew without losing an image or a container`, async () => {
      await using test = await TestEngine.create({ pool: 1 });
      const state = join(test.root, 'state/state.db');
      const cli = new Cli(test.root);
      const container = await test.engine.containers.create({ image: 'busybox', name: 'mine', command: ['true'], network: 'none' });
      writeFileSync(join(test.root, 'containers', container.id, 'rootfs/data'), 'kept');
      const image = await container.commit({ reference: 'made' });
      const volume = await test.engine.volumes.create({ name: 'kept' });
      writeFileSync(join(volume.mountpoint, 'file'), 'of a volume');
      await test.engine.close();
      assert.ok(!existsSync(`${state}-wal`), 'everything is in the file itself');
      damage(state);

      const error = await Engine.open({ root: test.root }).then(
        (opened) => opened.close(),
        (reason: unknown) => reason as DockerliteError,
      );
      // What is damaged may be a page that nothing needs for opening.
      if (everything || error !== undefined) {
        assert.equal(error?.code, 'E_STORE_DAMAGED', String(error));
        assert.ok(error.message.includes(state));
        assert.match(error.hint ?? '', /system check --repair/);
      }
      const looked = await cli.run('system', 'check');
      assert.equal(looked.status, 1, looked.stdout + looked.stderr);
      assert.match(looked.stdout, /^database: /);
      const repaired = await cli.run('system', 'check', '--repair');
      assert.equal(repaired.status, 0, repaired.stdout + repaired.stderr);
      assert.match(repaired.stdout, /the damaged file is in .*\/state\/damaged-1\)/);

      await using after = await Engine.open({ root: test.root });
      const kept = await after.containers.get(container.id);
      assert.equal(readFileSync(join(test.root, 'containers', kept.id, 'rootfs/data'), 'utf8'), 'kept');
      if (everything) assert.equal((await kept.inspect()).Name, `/recovered_${kept.id.slice(0, 12)}`);
      assert.equal(readFileSync(join((await after.volumes.get('kept')).mountpoint, 'file'), 'utf8'), 'of a volume');
      const again = await after.images.get(image.id);
      if (everything) assert.deepEqual(again.tags, [`recovered:${image.id.slice(0, 12)}`]);
      await kept.start();
      assert.equal((await kept.wait()).exitCode, 0);
      assert.deepEqual((await findings(after)).filter(({ note }) => note !== true), []);
      const fresh = await after.containers.create({ image: image.id, command: ['true'], network: 'none' });
      for (const one of [fresh, kept]) await one.remove();
      await after.volumes.remove('kept');
    });
  }

  it('is not made anew while a process has it open', async () => {
    await using test = await TestEngine.create();
    const recover = async () => {
      const found: Finding[] = [];
      for await (const finding of recoverState(test.root)) found.push(finding);
    };
    await assert.rejects(recover(), { code: 'E_CONFLICT', message: new RegExp(`open in process ${process.pid}`) });
    assert.deepEqual(examineState(test.root), []);
    assert.deepEqual(readdirSync(join(test.root, 'state')).filter((name) => name.startsWith('damaged')), []);
  });

  it('in its log alone: what was written last may be lost, the rest is there', async () => {
    await using test = await TestEngine.create();
    const state = join(test.root, 'state/state.db');
    await test.engine.close({ exiting: true });
    const wal = `${state}-wal`;
    if (existsSync(wal)) scribble(wal, Math.floor(statSync(wal).size / 2), 4096);
    rmSync(`${state}-shm`, { force: true });
    const look = await new Cli(test.root).run('images', '-q');
    assert.equal(look.status, 0, look.stderr);
  });
});
