// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../../lib/engine';
import { supervisors } from '../../crash/victims';
import { TestEngine } from '../../helpers/engine';
import { preload } from '../../helpers/preload';
import { until } from '../../helpers/supervision';

const SOURCE = join(__dirname, '../../../../test/faults/supervisor/missing-shim.c');

describe('a spawner that cannot open its init shim', () => {
  let test: TestEngine;
  let marker: string;
  let endPreload: () => void;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    marker = join(test.loop.directory, 'marker');
    const library = join(test.loop.directory, 'missing-shim.so');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-o', library, SOURCE], { stdio: 'inherit' });
    process.env['DOCKERLITE_TEST_MARKER'] = marker;
    endPreload = preload(library);
  });
  after(async () => {
    endPreload();
    delete process.env['DOCKERLITE_TEST_MARKER'];
    await test.remove();
  });

  const created = (client: Engine, ...command: string[]) => client.containers.create({ image: 'busybox', command, network: 'none' });

  it('gives up, and its client spawns another', async () => {
    writeFileSync(marker, '');
    await using client = await Engine.open({ root: test.root, pool: 0 });
    const container = await created(client, 'sleep', '1000');
    // The start itself may have come too late for another one.
    await container.start().catch((error: { code?: string }) => assert.equal(error.code, 'E_NOT_RUNNING'));
    assert.ok(!existsSync(marker));
    if ((await container.inspect()).State.Status === 'created') await container.start();
    // What it executes in containers is the shim that it has open.
    assert.equal(await (await container.exec(['true'], { attach: { stdout: false, stderr: false } })).exited, 0);
    await container.remove({ force: true });
  });

  it('says so each time when none can, and leaves nothing', async () => {
    mkdirSync(marker);
    await using client = await Engine.open({ root: test.root, pool: 0 });
    const container = await created(client, 'true');
    for (let i = 0; i < 3; i++) {
      await assert.rejects(container.start(), { name: 'DockerliteError' });
      assert.equal((await container.inspect()).State.Status, 'created');
    }
    rmSync(marker, { recursive: true });
    await container.start();
    assert.equal((await container.wait()).exitCode, 0);
    await container.remove();
    await client.close();
    await until(async () => supervisors().length, (count) => count === 0);
  });
});
