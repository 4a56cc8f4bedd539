// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe("the first version's commands", () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const dl = async (args: string[], input?: string) => {
    const { status, stdout, stderr } = await new Cli(test.root).runWith({ input }, ...args);
    return [status, stdout, stderr] as const;
  };
  async function ok(args: string[], input?: string): Promise<string> {
    const [status, stdout, stderr] = await dl(args, input);
    assert.deepEqual([status, stderr], [0, ''], args.join(' '));
    return stdout;
  }

  it('alias prints what a shell can take', async () => {
    assert.match(await ok(['alias']), /^alias dl='sudo \/.*\/dockerlite\.js'\n$/);
  });

  it('mkc, lsc, rootfs, running, rmc: the life of a container, by id, prefix, name and LAST', async () => {
    const id = (await ok(['mkc', 'busybox', 'one'])).trim();
    assert.match(id, /^[0-9a-f]{64}$/);
    const [head, ...rows] = (await ok(['lsc'])).trimEnd().split('\n');
    assert.match(head ?? '', /^CONTAINER ID {3,}CONTAINER NAME {3,}BASE IMAGE$/);
    assert.deepEqual(rows.map((row) => row.split(/ {2,}/)), [[id, 'one', 'busybox:latest']]);
    for (const word of [[id], [id.slice(0, 8)], ['one'], ['LAST'], []]) {
      const path = (await ok(['rootfs', ...word])).trimEnd();
      assert.equal(path, join(test.root, 'containers', id, 'rootfs'));
      assert.ok(existsSync(join(path, 'bin/busybox')));
    }
    assert.deepEqual(await dl(['running', 'one']), [1, 'N\n', '']);
    assert.equal(await ok(['rmc', 'LAST']), '');
    assert.deepEqual(await dl(['rootfs', 'one']), [1, '', 'dockerlite: No such container: one\n']);
    assert.deepEqual(await dl(['rootfs']), [1, '', 'dockerlite: there is no container yet\n']);
  });

  it('a container named LAST goes before the word', async () => {
    const id = (await ok(['mkc', 'busybox', 'LAST'])).trim();
    await ok(['mkc', 'busybox', 'later']);
    assert.ok((await ok(['rootfs', 'LAST'])).includes(id));
    await ok(['rmc', 'LAST']);
    await ok(['rmc', 'later']);
  });

  it('runi and runc run at our streams, pass on the exit code, and keep the container', async () => {
    assert.equal(await ok(['runi', 'busybox', 'cat'], 'through\n'), 'through\n');
    assert.deepEqual(await dl(['runc', 'LAST', 'sh', '-c', 'echo out; echo err >&2; exit 7']), [7, 'out\n', 'err\n']);
    assert.equal(await ok(['runc'], 'what it was made with\n'), 'what it was made with\n');
    assert.equal((await dl(['runc', 'LAST', 'missing']))[0], 127);
    assert.equal((await dl(['runc', 'LAST', '/etc/passwd']))[0], 126);
    assert.equal((await dl(['runc', 'LAST', '']))[0], 127);
    assert.equal((await ok(['lsc'])).split('\n').length, 3);
    await ok(['rmc', 'LAST']);
  });

  it('running, findpid and rmc of one that runs', async () => {
    const container = await test.engine.containers.run({ image: 'busybox', name: 'busy', command: ['sleep', '1000'], network: 'none' });
    assert.equal(await ok(['running', 'busy']), 'Y\n');
    const { State } = await container.inspect();
    assert.equal(await ok(['findpid', 'busy']), `${State.Pid}\n`);
    const [status, , stderr] = await dl(['rmc', 'busy']);
    assert.deepEqual([status, /running/.test(stderr)], [1, true]);
    assert.equal((await dl(['runc', 'busy', 'true']))[0], 1);
    await container.kill();
    await container.wait();
    assert.deepEqual(await dl(['findpid', 'busy']), [1, '', `dockerlite: Container ${container.id} is not running\n`]);
    await ok(['rmc', 'busy']);
  });

  it('mki and lsi: an image of what a container has become', async () => {
    await ok(['runi', 'busybox', 'sh', '-c', 'echo changed > /etc/mark']);
    assert.equal(await ok(['mki', 'LAST', 'changed:1']), '');
    assert.match(await ok(['lsi']), /^[0-9a-f]{64} changed:1$/m);
    assert.equal(await ok(['runi', 'changed:1', 'cat', '/etc/mark']), 'changed\n');
    assert.equal(await ok(['runi', 'LAST', 'cat', '/etc/mark']), 'changed\n');
    assert.equal((await dl(['mki', 'LAST', 'Not A Name']))[0], 1);
    for (let i = 0; i < 3; i++) await ok(['rmc', 'LAST']);
  });

  it('runs a shell where neither an image nor the user names a command', async () => {
    const [status, , stderr] = await dl(['runi', 'empty']);
    assert.equal(status, 127);
    assert.match(stderr, /\/bin\/bash/);
    await ok(['rmc', 'LAST']);
  });

  it('seta and lsa: addresses for good', async () => {
    const first = (await ok(['mkc', 'busybox', 'first'])).trim();
    const address = (await ok(['seta', 'first'])).trim();
    assert.match(address, /^\d+\.\d+\.\d+\.\d+$/);
    assert.equal(await ok(['lsa']), `${address}\n`);
    assert.match(await ok(['lsa', '-l']), new RegExp(`^ADDRESS .*\n${address.replaceAll('.', '\\.')} +${first.slice(0, 12)} +first +yes\n$`));
    await ok(['mkc', 'busybox', 'second']);
    const taken = await dl(['seta', 'second', address]);
    assert.deepEqual(taken, [1, '', `dockerlite: IP address ${address} is already in use\n`]);
    const other = address.replace(/\d+$/, (last) => String((Number(last) + 1) % 250 || 2));
    assert.equal(await ok(['seta', 'second', other]), '');
    assert.deepEqual((await ok(['lsa'])).trim().split('\n').sort(), [address, other].sort());
    for (const bad of ['1.2.3.4', 'nonsense', '999.1.1.1']) assert.equal((await dl(['seta', 'second', bad]))[0], 1);
    await ok(['rmc', 'first']);
    await ok(['rmc', 'second']);
    assert.equal(await ok(['lsa']), '');
  });

  it('chroot: a shell in the tree', async () => {
    await ok(['mkc', 'busybox', 'tree']);
    assert.equal(await ok(['chroot', 'tree', 'sh', '-c', 'ls / | grep -x home; pwd']), 'home\n/\n');
    assert.deepEqual(await dl(['chroot', 'tree'], 'echo typed; exit 4\n'), [4, 'typed\n', '']);
    assert.equal((await dl(['chroot', 'tree', 'missing']))[0], 127);
    assert.deepEqual(await dl(['chroot', 'tree', 'sh', '-c', 'kill -9 $$']), [137, '', '']);
    assert.equal((await dl(['chroot', 'nobody']))[0], 1);
    await ok(['rmc', 'tree']);
  });

  it('refuses what is not there, ambiguous or too much', async () => {
    for (const name of ['chroot', 'findpid', 'mki', 'rmc', 'rootfs', 'runc', 'running', 'seta']) {
      const [status, stdout, stderr] = await dl([name, 'nobody']);
      assert.deepEqual([status, stdout, stderr], [1, '', 'dockerlite: No such container: nobody\n'], name);
    }
    for (const [name, status] of [['mkc', 1], ['runi', 125]] as const) assert.deepEqual(await dl([name, 'nothing']), [status, '', 'dockerlite: No such image: nothing:latest\n'], name);
    for (const args of [['mkc'], ['runi'], ['rmc'], ['lsc', 'x'], ['mkc', 'a', 'b', 'c'], ['rootfs', 'a', 'b'], ['seta', 'a', 'b', 'c']]) {
      const [status, , stderr] = await dl(args);
      assert.equal(status, 1);
      assert.match(stderr, /argument/);
    }
    assert.equal((await dl(['mkc', 'busybox', '-bad-']))[0], 125);
    await Promise.all(Array.from({ length: 17 }, () => test.engine.containers.create({ image: 'busybox' })));
    const ids = (await test.engine.containers.list({ all: true })).map(({ id }) => id[0]);
    const twice = ids.find((digit, at) => ids.indexOf(digit) !== at) as string;
    const [status, , stderr] = await dl(['rootfs', twice]);
    assert.equal(status, 1);
    assert.match(stderr, /multiple IDs found with provided prefix/);
  });

  it('has help with examples for each', async () => {
    for (const name of ['alias', 'chroot', 'findpid', 'lsa', 'lsc', 'lsi', 'mkc', 'mki', 'rmc', 'rootfs', 'runc', 'runi', 'running', 'seta']) {
      assert.match(await ok([name, '--help']), new RegExp(`^Usage: {2}dockerlite ${name}.*\n[^]*Examples:\n {2}dockerlite ${name}`));
    }
  });
});
