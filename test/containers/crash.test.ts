// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Engine } from '../../lib/engine';
import { storeOf, TestEngine } from '../helpers/engine';

describe('a process that dies half-way', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  /** A client that starts a container and says its id. */
  async function client(command: string[]): Promise<{ child: ChildProcess; id: string }> {
    const file = join(test.loop.directory, 'client.js');
    const engine = require.resolve('../../lib/engine');
    writeFileSync(
      file,
      `const { Engine } = require(${JSON.stringify(engine)});
       (async () => {
         const engine = await Engine.open({ root: ${JSON.stringify(test.root)} });
         const container = await engine.containers.create({ image: 'busybox', command: ${JSON.stringify(command)}, network: 'none' });
         await container.start({ attach: {} });
         process.send(container.id);
       })();`,
    );
    const child = fork(file);
    const [id] = (await once(child, 'message')) as [string];
    return { child, id };
  }

  function killSupervisor(id: string): void {
    const row = storeOf(test.engine).db.get<{ owner: string }>('SELECT owner FROM containers WHERE id = ?', id);
    process.kill(Number(row?.owner.split(':')[1]), 'SIGKILL');
  }

  it('leaves its container running and attachable', async () => {
    const { child, id } = await client(['sh', '-c', 'while ! test -e /go; do sleep 0.05; done; echo went; exit 4']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const container = await test.engine.containers.get(id);
    assert.equal((await container.inspect()).State.Status, 'running');
    const attachment = await container.attach();
    writeFileSync(join(test.root, 'containers', id, 'rootfs/go'), '');
    assert.equal((await attachment.exited).exitCode, 4);
  });

  it('has its container noticed when the supervisor is killed too, and never as a success', async () => {
    const { child, id } = await client(['sleep', '1000']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const container = await test.engine.containers.get(id);
    killSupervisor(id);
    const { exitCode } = await container.wait();
    assert.notEqual(exitCode, 0);
    await container.remove({ force: true });
  });

  it('has its paused container noticed when the supervisor is killed too', async () => {
    const { child, id } = await client(['sleep', '1000']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const container = await test.engine.containers.get(id);
    await container.pause();
    killSupervisor(id);
    assert.notEqual((await container.wait()).exitCode, 0);
    await container.remove();
  });

  it('in the middle of a pause leaves a container that can be removed', async () => {
    for (const frozen of [true, false]) {
      const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
      await container.start();
      if (frozen) await container.pause();
      else storeOf(test.engine).db.run("UPDATE containers SET state = 'paused' WHERE id = ?", container.id);
      await container.remove({ force: true });
    }
  });

  it('while liblxc cleans up leaves nothing that the next start or removal does not clear', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['true'], network: 'none' });
    await container.start();
    await container.wait();
    const [hierarchy] = existsSync('/sys/fs/cgroup/cgroup.procs') ? [''] : ['pids/'];
    const { layout } = storeOf(test.engine);
    for (const next of [() => container.start().then(() => container.wait()), () => container.remove()]) {
      const group = `/sys/fs/cgroup/${hierarchy}lxc.monitor.${container.id}`;
      // As a supervisor that was killed then leaves it.
      await waitUntil(() => !existsSync(layout.runDir(container.id)));
      mkdirSync(group);
      mkdirSync(layout.runDir(container.id), { recursive: true });
      await next();
      await waitUntil(() => !existsSync(group) && !existsSync(layout.runDir(container.id)));
    }
  });

  it('has what it was making cleaned up by the next command', async () => {
    const { db, layout } = storeOf(test.engine);
    const container = await test.engine.containers.create({ image: 'busybox' });
    const image = await container.commit();
    const dead = '00000000:1:1';
    db.run("UPDATE containers SET state = 'creating', owner = ? WHERE id = ?", dead, container.id);
    db.run("UPDATE images SET state = 'creating', owner = ? WHERE id = ?", dead, image.id);
    await using other = await Engine.open({ root: test.root });
    await other.containers.list({ all: true });
    assert.ok(!readdirSync(layout.containers).includes(container.id));
    assert.ok(!readdirSync(layout.images).includes(image.id));
    assert.deepEqual(readdirSync(layout.tmp), []);
  });
});

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2);
}
