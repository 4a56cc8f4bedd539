// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../lib/engine';
import { storeOf, TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';

const PROGRAM = join(__dirname, '../../../bin/dockerlite.js');
const ROUNDS = 8;

describe('killing image send and image receive', function () {
  this.timeout(300_000);
  let here: TestEngine;
  let there: TestEngine;
  let stream: Buffer;
  let id: string;

  before(async () => {
    here = await TestEngine.create();
    there = await TestEngine.create();
    const container = await here.engine.containers.run({ image: 'busybox', command: ['sh', '-c', 'for i in 1 2 3 4 5; do head -c 1000000 /dev/urandom > /file$i; done'], network: 'none' });
    await container.wait();
    ({ id } = await container.commit({ reference: 'large' }));
    await container.remove();
    const path = join(here.loop.directory, 'stream');
    await here.engine.images.send('large', { path }).result;
    stream = readFileSync(path);
  });
  after(async () => {
    await there.remove();
    await here.remove();
  });

  const start = (test: TestEngine, ...args: string[]): ChildProcess => spawn(process.execPath, [PROGRAM, '--root', test.root, 'image', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });

  /** Until it has begun to work, and then so many more looks; what it was given may not be enough to begin. */
  async function atWork(test: TestEngine, child: ChildProcess, purpose: string, looks: number): Promise<void> {
    const { tmp } = storeOf(test.engine).layout;
    const deadline = Date.now() + 2000;
    const isThere = () => readdirSync(tmp).some((name) => name.startsWith(purpose));
    while (child.exitCode === null && !isThere() && Date.now() < deadline) await new Promise(setImmediate);
    while (child.exitCode === null && looks-- > 0) await new Promise(setImmediate);
  }

  /** As the next command finds the store, and as it leaves it. */
  async function clean(test: TestEngine): Promise<void> {
    await using next = await Engine.open({ root: test.root });
    assert.deepEqual((await findings(next)).filter(({ note }) => note !== true), []);
    assert.deepEqual(readdirSync(storeOf(test.engine).layout.tmp), []);
  }

  for (let round = 0; round < ROUNDS; round++) {
    const whole = round % 2 === 0;
    it(`receive, ${whole ? 'with all there to read' : 'in the middle of what there is'}: an image or nothing`, async () => {
      const child = start(there, 'receive');
      child.stdin?.on('error', () => undefined);
      if (whole) child.stdin?.end(stream);
      else child.stdin?.write(stream.subarray(0, randomInt(stream.length)));
      await atWork(there, child, 'receive', whole ? randomInt(2000) : randomInt(50));
      child.kill('SIGKILL');
      await once(child, 'close');
      await clean(there);
      const [received] = await there.engine.images.receive({ path: join(here.loop.directory, 'stream') }).result;
      assert.equal(received?.id, id);
      await clean(there);
      await there.engine.images.remove(id, { force: true });
      await clean(there);
    });
  }

  it('send: nothing is left', async () => {
    const child = start(here, 'send', 'large');
    await atWork(here, child, 'send', 10);
    child.kill('SIGKILL');
    child.stdout?.resume();
    await once(child, 'close');
    await clean(here);
  });
});
