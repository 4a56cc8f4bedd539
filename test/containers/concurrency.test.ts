// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestEngine } from '../helpers/engine';

const run = promisify(execFile);
const cli = join(__dirname, '../../../bin/dockerlite.js');

describe('many processes on one store', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const dockerlite = (...args: string[]) => run(process.execPath, [cli, '--root', test.root, ...args]);

  // Each is a process of its own, and waits in memory.
  const MANY = Math.min(200, Math.floor(totalmem() / (96 * 1024 ** 2)));
  it(`${MANY} runs at once all succeed, no address or name twice`, async function () {
    this.timeout(300_000);
    const script = 'ip -4 addr show eth0 | sed -n "s/.*inet \\([0-9.]*\\).*/\\1/p"';
    const runs = await Promise.all(Array.from({ length: MANY }, () => dockerlite('run', 'busybox', 'sh', '-c', script)));
    assert.ok(runs.every(({ stdout }) => /^\d+\.\d+\.\d+\.\d+\n$/.test(stdout)));
    const all = await test.engine.containers.list({ all: true });
    assert.equal(all.length, MANY);
    assert.equal(new Set(all.map((container) => container.name)).size, MANY);
    assert.ok(all.every((container) => container.exitCode === 0));
  });

  it('one name is given once', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => dockerlite('create', '--name', 'wanted', 'busybox')));
    assert.equal(tries.filter((one) => one.status === 'fulfilled').length, 1);
    assert.equal((await test.engine.containers.list({ all: true, filters: { name: ['^wanted$'] } })).length, 1);
  });

  it('one container is started once', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none', name: 'once' });
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => dockerlite('start', 'once')));
    assert.ok(tries.some((one) => one.status === 'fulfilled'));
    const { processes } = await container.top();
    assert.equal(processes.length, 1);
    await container.remove({ force: true });
  });

  it('one container is removed once, and completely', async () => {
    const container = await test.engine.containers.create({ image: 'busybox' });
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => dockerlite('rm', container.id)));
    assert.ok(tries.some((one) => one.status === 'fulfilled'));
    assert.ok(!readdirSync(join(test.root, 'containers')).includes(container.id));
  });
});
