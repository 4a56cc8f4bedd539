// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '../../lib/containers/container';
import { TestEngine } from '../helpers/engine';
import { supervisorOf, until } from '../helpers/supervision';

const PROJECT = join(__dirname, '../../..');
const UNIT = `dockerlite-test-${process.pid}.service`;
const FILE = `/run/systemd/system/${UNIT}`;

describe('the systemd unit', () => {
  let test: TestEngine;
  before(async function () {
    // systemd's own test of whether it runs the machine, sd_booted(3).
    if (!existsSync('/run/systemd/system')) {
      console.log('    skipped: systemd does not run this machine');
      this.skip();
    }
    test = await TestEngine.create();
    const bin = join(test.loop.directory, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'dockerlite'), `#!/bin/sh\nexec '${process.execPath}' '${PROJECT}/bin/dockerlite.js' "$@"\n`, { mode: 0o755 });
    copyFileSync(join(PROJECT, 'systemd/dockerlite.service'), FILE);
    mkdirSync(`${FILE}.d`);
    const environment = [`DOCKERLITE_ROOT=${test.root}`, `PATH=${bin}:/usr/sbin:/usr/bin:/sbin:/bin`, `DOCKERLITE_TEST_RUN=${process.env['DOCKERLITE_TEST_RUN']}`];
    writeFileSync(`${FILE}.d/test.conf`, `[Service]\nEnvironment="${environment.join('" "')}"\n`);
    systemctl('daemon-reload');
  });
  after(async () => {
    if (test === undefined) return;
    spawnSync('systemctl', ['stop', UNIT]);
    rmSync(FILE, { force: true });
    rmSync(`${FILE}.d`, { recursive: true, force: true });
    systemctl('daemon-reload');
    await test.remove();
  });
  afterEach(async () => {
    if (test === undefined) return;
    systemctl('stop', UNIT);
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
  });

  const run = (name: string, restart?: string) => test.engine.containers.run({ image: 'busybox', name, command: ['sleep', '1000'], network: 'none', restart });
  const running = async () => (await test.engine.containers.list()).map(({ name }) => name).sort();
  const property = (name: string) => systemctl('show', '--property', name, '--value', UNIT).trim();

  /** As if the machine had been without power: its supervisor and its process are gone. */
  async function kill(container: Container): Promise<void> {
    process.kill(supervisorOf(test, container), 'SIGKILL');
    await until(() => container.inspect(), ({ State }) => State.Status === 'exited');
  }

  it('has nothing that systemd complains about', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', FILE], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('starts what should run, outside its own control group', async () => {
    const container = await run('always', 'always');
    const plain = await run('plain');
    await kill(container);
    await kill(plain);
    systemctl('start', UNIT);
    assert.deepEqual(await running(), ['always']);
    assert.equal(property('ActiveState'), 'active');
    for (const pid of [supervisorOf(test, container), (await container.inspect()).State.Pid]) {
      assert.ok(!readFileSync(`/proc/${pid}/cgroup`, 'latin1').includes(UNIT), readFileSync(`/proc/${pid}/cgroup`, 'latin1'));
    }
  });

  it('stops them all before the machine goes down, and starts them again', async () => {
    systemctl('start', UNIT);
    const container = await run('always', 'always');
    await run('plain');
    systemctl('stop', UNIT);
    assert.deepEqual(await running(), []);
    assert.equal((await container.inspect()).State.Status, 'exited');
    assert.equal(property('Result'), 'success');
    systemctl('start', UNIT);
    assert.deepEqual(await running(), ['always']);
  });

  it('stays in place when one container cannot be started', async () => {
    const container = await run('broken', 'always');
    const other = await run('whole', 'always');
    await kill(container);
    await kill(other);
    rmSync(join(test.root, 'containers', container.id, 'rootfs/bin'), { recursive: true });
    systemctl('start', UNIT);
    assert.deepEqual(await running(), ['whole']);
    assert.equal(property('ActiveState'), 'active');
    systemctl('stop', UNIT);
    assert.deepEqual(await running(), []);
  });
});

function systemctl(...args: string[]): string {
  return execFileSync('systemctl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
