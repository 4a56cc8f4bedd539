// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quotaEnable } from '../../lib/binding/quota';
import { Engine } from '../../lib/engine';
import { storeOf, TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';

/** Each is a process of its own, killed at each of its calls outwards in turn. */
const OPERATIONS: Record<string, { prepare: string; run: string }> = {
  'create with volumes': {
    prepare: "await engine.volumes.create({ name: 'empty' })",
    run: "await engine.containers.create({ image: 'busybox', network: 'none', mounts: ['empty:/etc', 'fresh:/bin', '/x'] })",
  },
  'create with limits on the disk': {
    prepare: '',
    run: "await engine.containers.create({ image: 'busybox', network: 'none', storageOptions: { size: '8M' }, mounts: [{ type: 'volume', name: 'small', target: '/x', driverOptions: { size: '8M' } }] })",
  },
  'rm -v with limits on the disk': {
    prepare: "await engine.containers.create({ image: 'busybox', network: 'none', storageOptions: { size: '8M' }, mounts: ['/x'] })",
    run: 'const [one] = await engine.containers.list({ all: true }); await (await engine.containers.get(one.id)).remove({ volumes: true })',
  },
  'volume snapshot and rm': {
    prepare: "await engine.volumes.create({ name: 'data' })",
    run: "await engine.volumes.snapshot('data', 'copy'); await engine.volumes.remove('data')",
  },
};

describe('a process that is killed at work on volumes', function () {
  this.timeout(300_000);
  let test: TestEngine;
  let limits = true;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    await quotaEnable(test.root).catch(() => (limits = false)); // Linux before 6.7
  });
  after(() => test.remove());

  for (const [name, { prepare, run }] of Object.entries(OPERATIONS)) {
    it(`${name}: the next one finds all of it or nothing`, async function () {
      if (/limits/.test(name) && !limits) {
        console.log('      skipped: no simple quotas here');
        this.skip();
      }
      const program = join(test.loop.directory, 'victim.js');
      writeFileSync(
        program,
        `const { Boundary } = require(${JSON.stringify(require.resolve('./boundary'))});
         const { Engine } = require(${JSON.stringify(require.resolve('../../lib/engine'))});
         (async () => {
           const engine = await Engine.open({ root: ${JSON.stringify(test.root)}, pool: 0 });
           ${prepare};
           await new Boundary().kill(Number(process.argv[2]), async () => { ${run} });
           process.exit();
         })();`,
      );
      let kills = 0;
      for (let n = 1; ; n++) {
        const child = fork(program, [String(n)]);
        const [, signal] = (await once(child, 'exit')) as [number, NodeJS.Signals | null];
        assert.deepEqual(await remains(), [], `killed at call ${n}`);
        await removeEverything();
        assert.deepEqual(await remains(), [], `removed after call ${n}`);
        if (signal === null) break;
        kills++;
      }
      assert.ok(kills > 5, String(kills));
      rmSync(program);
    });
  }

  /** What is neither there nor not there, once somebody has looked. */
  async function remains(): Promise<string[]> {
    await using next = await Engine.open({ root: test.root, pool: 0 });
    await next.containers.list({ all: true });
    await next.volumes.list();
    const { db, layout } = storeOf(next);
    const volumes = db.all<{ name: string; state: string }>('SELECT name, state FROM volumes ORDER BY name');
    const containers = db.all<{ id: string; state: string }>('SELECT id, state FROM containers ORDER BY id');
    const wrong = (await findings(next)).filter(({ note }) => note !== true).map(({ kind, what }) => `check finds ${kind}: ${what}`);
    for (const { name, state } of volumes) if (state !== 'ready') wrong.push(`volume ${name} is ${state}`);
    for (const { id, state } of containers) if (state !== 'created') wrong.push(`container ${id} is ${state}`);
    const directories = existsSync(layout.volumes) ? readdirSync(layout.volumes).sort() : [];
    assert.deepEqual(directories, volumes.map(({ name }) => name));
    for (const { name } of volumes) {
      const files = readdirSync(layout.volumeData(name)).length;
      if (name === 'empty' && ![0, ETC].includes(files)) wrong.push(`${files} files of an image in the volume`);
    }
    return wrong;
  }

  /** Files the image has below /etc; a volume has all of them or none. */
  const ETC = 5;

  async function removeEverything(): Promise<void> {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
    await test.engine.volumes.prune({ all: true });
    const own = limits ? execFileSync('btrfs', ['qgroup', 'show', '--sync', test.root], { encoding: 'utf8' }).split('\n').filter((line) => line.startsWith('25708/')) : [];
    assert.deepEqual(own, [], 'no group of a limit is left');
  }
});
