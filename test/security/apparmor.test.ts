// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasAppArmor } from '../../lib/security/apparmor';
import type { Isolation } from '../../lib/security/isolation';
import { readAll, TestEngine } from '../helpers/engine';

const PROFILE = join(__dirname, '../../../share/apparmor/dockerlite-default');
const NAME = 'dockerlite-default';

/** Why this cannot be tried here. */
function missing(): string | undefined {
  if (!hasAppArmor()) return 'this kernel has no AppArmor';
  if (spawnSync('apparmor_parser', ['--version']).error !== undefined) return 'apparmor_parser is not installed';
  const loaded = readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8');
  return new RegExp(`^${NAME} `, 'm').test(loaded) ? 'the profile is loaded already' : undefined;
}

describe('under AppArmor', () => {
  let test: TestEngine;
  before(async function () {
    const why = missing();
    if (why !== undefined) {
      console.log(`    skipped: ${why}`);
      this.skip();
    }
    parser('-r');
    test = await TestEngine.create();
  });
  after(async () => {
    if (test === undefined) return;
    await test.remove();
    parser('-R');
  });

  function parser(what: string): void {
    const { status, stderr } = spawnSync('apparmor_parser', [what, '-K', PROFILE], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }

  async function sh(script: string, isolation: Partial<Isolation> = {}): Promise<string> {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', script], network: 'none', isolation });
    const attachment = await container.start({ attach: {} });
    const [out, err] = await Promise.all([readAll(attachment.stdout), readAll(attachment.stderr)]);
    await attachment.exited;
    await container.remove();
    return (out + err).trim();
  }

  const label = 'cat /proc/self/attr/current';

  it('runs containers under its profile once that is loaded, execs too, unless told not to', async () => {
    assert.equal(await sh(label, { apparmor: NAME }), `${NAME} (enforce)`);
    assert.equal(await sh(label, { apparmor: 'unconfined' }), 'unconfined');
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '1000'], network: 'none', isolation: { apparmor: NAME } });
    const executed = await container.exec(['sh', '-c', label]);
    assert.equal((await readAll(executed.stdout)).trim(), `${NAME} (enforce)`);
    await executed.exited;
    await container.remove({ force: true });
  });

  it('refuses mounts even to who has the capability, and lets sysctls be set', async () => {
    const mount = 'mkdir -p /m; mount -t tmpfs none /m && echo mounted';
    assert.ok(!(await sh(mount, { apparmor: NAME, capAdd: ['ALL'], seccomp: 'unconfined' })).includes('mounted'));
    assert.ok((await sh(mount, { apparmor: 'unconfined', capAdd: ['ALL'], seccomp: 'unconfined' })).includes('mounted'));
    assert.equal(await sh('cat /proc/sys/net/ipv4/ip_unprivileged_port_start', { apparmor: NAME, sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' } }), '80');
  });
});
