// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ContainerOptions } from '../../lib/containers/spec';
import { buildBusyboxRootfs } from '../helpers/busybox';
import { readAll, TestEngine } from '../helpers/engine';
import { buildStatic } from '../helpers/static-program';

/** What an image would have run before its container is confined. */
const INTRUDER = `
#include <stdio.h>
int main(void) { puts("intruder"); }
`;

const SCRIPT = 'grep Seccomp: /proc/self/status; cat /etc/hosts | grep -c localhost';
const CONFINED = 'Seccomp:\t2\n2\n';

describe('an image that says where what goes', () => {
  let test: TestEngine;
  let tree: string;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());
  beforeEach(() => {
    tree = buildBusyboxRootfs(join(test.loop.directory, 'hostile'));
    mkdirSync(join(tree, 'dev/.dockerlite'), { recursive: true });
    buildStatic(join(tree, 'dev/.dockerlite'), 'init', INTRUDER);
  });
  afterEach(async () => {
    rmSync(tree, { recursive: true, force: true });
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true, volumes: true });
  });

  /** Puts a symbolic link in the place of whatever the tree has there. */
  function link(path: string, target: string): void {
    rmSync(join(tree, path), { recursive: true, force: true });
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    symlinkSync(target, join(tree, path));
  }

  async function run(script: string, changes: string[] = [], more: Partial<ContainerOptions> = {}): Promise<string> {
    await test.engine.images.import({ path: tree }, { reference: 'hostile', changes });
    const container = await test.engine.containers.create({ image: 'hostile', command: ['sh', '-c', script], network: 'none', ...more });
    const attachment = await container.start({ attach: {} });
    const [out, err] = await Promise.all([readAll(attachment.stdout), readAll(attachment.stderr)]);
    await attachment.exited;
    return out + err;
  }

  const ownPlace = { code: 'E_UNSUPPORTED', message: /cannot be mounted because every container has a .* of its own/ };
  const insideProc = { code: 'E_INVALID', message: /cannot be mounted because it is inside \/proc/ };
  const notProc = { code: 'E_INVALID', message: '"/proc" cannot be mounted because it is not of type proc' };

  it('gets no volume over the program that confines its container', async () => {
    for (const volume of ['/dev', '/dev/', '/x/../dev', '/dev/.dockerlite', '/dev/.dockerlite/init', '/dev/.dockerlite/other']) await assert.rejects(run(SCRIPT, [`VOLUME ["${volume}"]`]), ownPlace, volume);
    for (const target of ['/dev', 'dev/.dockerlite', '/dev/.dockerlite']) {
      link('x', target);
      await assert.rejects(run(SCRIPT, ['VOLUME ["/x"]']), ownPlace, target);
    }
  });

  it('gets no volume over /proc, by which a process is given its profile', async () => {
    await assert.rejects(run(SCRIPT, ['VOLUME ["/proc"]']), notProc);
    for (const volume of ['/proc/self', '/proc/1/attr', '/proc/sys', '/proc/cpuinfo/x']) await assert.rejects(run(SCRIPT, [`VOLUME ["${volume}"]`]), insideProc, volume);
    link('x', '/proc');
    await assert.rejects(run(SCRIPT, ['VOLUME ["/x"]']), notProc);
    link('x', 'proc/1/attr');
    await assert.rejects(run(SCRIPT, ['VOLUME ["/x"]']), insideProc);
  });

  it('gets no file of the engine\'s mounted there, nor outside its tree', async () => {
    for (const [target, error] of [['/proc/1/attr/exec', insideProc], ['../proc/1/attr/exec', insideProc], ['/dev/.dockerlite/init', ownPlace]] as const) {
      link('etc/hosts', target);
      await assert.rejects(run(SCRIPT), error, target);
    }
    for (const target of ['hosts', '/', '../..', '/bin/busybox/below']) {
      link('etc/hosts', target);
      await assert.rejects(run(SCRIPT), (error: Error & { code?: string }) => /^E_/.test(error.code ?? ''), target);
    }
    link('x', '/');
    await assert.rejects(run(SCRIPT, ['VOLUME ["/x"]']), (error: Error & { code?: string }) => /^E_/.test(error.code ?? ''));
  });

  it('may have links where the engine puts its files, to nothing too', async () => {
    for (const target of ['../run/resolve/stub.conf', '/run/resolve/stub.conf', '../../../../run/resolve/stub.conf']) {
      link('etc/resolv.conf', target);
      assert.match(await run(`${SCRIPT}; grep -c nameserver /run/resolve/stub.conf`, [], { dns: ['10.9.8.7'] }), new RegExp(`^${CONFINED}1\n$`), target);
    }
    assert.match(await run(`${SCRIPT}; grep -c nameserver /etc/resolv.conf; grep -c " /run/resolve/stub.conf " /proc/mounts`, [], { dns: ['10.9.8.7'], tmpfs: ['/run'] }), new RegExp(`^${CONFINED}1\n1\n$`));
    link('run', '/var/run');
    assert.match(await run(`${SCRIPT}; grep -c nameserver /var/run/resolve/stub.conf`, [], { dns: ['10.9.8.7'] }), new RegExp(`^${CONFINED}1\n$`));
    link('etc', 'usr/etc');
    assert.equal(await run(SCRIPT), CONFINED);
  });

  it('leaves the files of the engine in /etc, whatever is mounted there', async () => {
    const names = 'ls /etc | grep -E "^(hosts|hostname|resolv.conf)$" | wc -l';
    assert.equal(await run(`${SCRIPT}; ${names}`, ['VOLUME ["/etc"]']), `${CONFINED}3\n`);
    assert.equal(await run(`${SCRIPT}; ${names}`, [], { mounts: [{ type: 'volume', name: 'bare', target: '/etc', noCopy: true }] }), `${CONFINED}3\n`);
    assert.equal(await run(`${SCRIPT}; ${names}`, [], { tmpfs: ['/etc'] }), `${CONFINED}3\n`);
    mkdirSync(join(tree, 'own'));
    assert.equal(await run(`${SCRIPT}; ${names}`, [], { mounts: [`${join(tree, 'own')}:/etc`] }), `${CONFINED}3\n`);
    assert.equal(await run('cat /etc/hosts; grep -c " /etc/hosts " /proc/mounts', [], { mounts: ['/etc/debian_version:/etc/hosts:ro'] }).then((text) => text.split('\n').at(-2)), '1', 'unless it is at their place');
  });

  it('may bring device nodes, which nobody can open', async () => {
    for (const [name, type, numbers] of [['kmsg', 'c', '1 11'], ['mem', 'c', '1 1'], ['loop-control', 'c', '10 237'], ['loop', 'b', '7 0']] as const) {
      execFileSync('mknod', ['-m', '666', join(tree, name), type, ...numbers.split(' ')]);
    }
    const script = 'cd /; for f in kmsg mem loop-control loop; do stat -c %F $f; (head -c 1 < $f) 2>&1 | grep -o "Operation not permitted"; (: >> $f) 2>&1 | grep -o "Operation not permitted"; done';
    const refused = ['character special file', 'character special file', 'character special file', 'block special file'].map((kind) => `${kind}\nOperation not permitted\nOperation not permitted\n`).join('');
    assert.equal(await run(script), refused);
    assert.equal(await run(script, [], { isolation: { userns: 'host', capAdd: ['ALL'], seccomp: 'unconfined' } }), refused);
  });

  it('does not change what a user may mount in /proc, or how', async () => {
    assert.match(await run('cat /proc/uptime', [], { mounts: ['/etc/debian_version:/proc/uptime:ro'] }), /^\d|\w+\/sid/);
    assert.match(await run('ls -d /proc/self', [], { mounts: ['/proc:/proc'] }), /\/proc\/self/);
    await assert.rejects(run('true', [], { mounts: ['/etc:/proc'] }), notProc);
    await assert.rejects(run('true', [], { tmpfs: ['/proc/scsi'] }), insideProc);
    await assert.rejects(run('true', [], { mounts: ['/dev:/dev'], privileged: true }), ownPlace);
  });
});
