// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { currentOwner, isAlive, ownerOf } from '../../lib/util/owner';

describe('the owner of something', () => {
  it('is alive while it runs, and not after another boot or as another process of its number', () => {
    assert.ok(isAlive(currentOwner()));
    const [boot = '', pid = '', start = ''] = currentOwner().split(':');
    for (const other of [`00000000:${pid}:${start}`, `${boot}:${pid}:1`, `${boot}:${pid}:`, `${boot}:0:${start}`, '', 'x', '::']) assert.ok(!isAlive(other), other);
  });

  it('is alive until its last thread has ended, although its first is a zombie', async () => {
    // The first thread alone ends, as in a process that was killed while another thread is in the middle of an ioctl.
    const program = 'import ctypes, threading, time; threading.Thread(target=time.sleep, args=(1000,)).start(); ctypes.CDLL(None).syscall(60, 0)';
    const child = spawn('python3', ['-c', program], { stdio: 'ignore' });
    const owner = ownerOf(child.pid ?? 0);
    while (!/\) Z /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1'))) await delay(2);
    assert.ok(isAlive(owner));
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok(!isAlive(owner));
  });
});
