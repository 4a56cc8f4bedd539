// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../lib/engine';
import { TestEngine } from '../helpers/engine';

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
    const row = test.engine['context' as never] as { store: { db: { get(sql: string, id: string): { owner: string } } } };
    const supervisor = Number(row.store.db.get('SELECT owner FROM containers WHERE id = ?', id).owner.split(':')[1]);
    process.kill(supervisor, 'SIGKILL');
    const { exitCode } = await container.wait();
    assert.notEqual(exitCode, 0);
    await container.remove({ force: true });
  });

  it('has what it was making cleaned up by the next command', async () => {
    const { db, layout } = (test.engine as unknown as { context: { store: { db: { run(sql: string, ...values: unknown[]): number }; layout: { containers: string; tmp: string; images: string } } } }).context.store;
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
