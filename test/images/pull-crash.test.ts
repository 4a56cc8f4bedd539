// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../lib/engine';
import type { Store } from '../../lib/store/store';
import { storeOf, TestEngine } from '../helpers/engine';
import { FakeRegistry } from '../helpers/fake-registry';
import { findings } from '../helpers/findings';
import { layerOf } from '../helpers/layers';

const PROGRAM = join(__dirname, '../../../bin/dockerlite.js');
const LAYERS = 4;
const ROUNDS = 12;

describe('killing a pull or a push', function () {
  this.timeout(300_000);
  let test: TestEngine;
  let store: Store;
  let fake: FakeRegistry;

  before(async () => {
    test = await TestEngine.create();
    store = storeOf(test.engine);
    fake = await FakeRegistry.start();
  });
  after(async () => {
    await fake.stop();
    await test.remove();
  });

  /** Runs a command that is killed when it has written so many lines, or the registry has answered so many requests. */
  async function killed(args: string[], { lines, requests }: { lines?: number; requests?: number }): Promise<number | null> {
    const child = spawn(process.execPath, [PROGRAM, '--root', test.root, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, DOCKER_CONFIG: test.loop.directory } });
    const start = fake.log.length;
    fake.intercept = (_, response) => {
      if (requests === undefined || fake.log.length - start < requests) return false;
      // In the middle of an answer as often as not.
      if (randomInt(2) === 0) response.write(randomBytes(100), () => child.kill('SIGKILL'));
      else child.kill('SIGKILL');
      return true;
    };
    let seen = 0;
    child.stdout.on('data', (data: Buffer) => {
      seen += data.toString().split('\n').length - 1;
      if (lines !== undefined && seen >= lines) child.kill('SIGKILL');
    });
    const [status] = (await once(child, 'close')) as [number | null];
    fake.intercept = undefined;
    return status;
  }

  /** As the next command finds the store, and as it leaves it. */
  async function clean(): Promise<void> {
    await using next = await Engine.open({ root: test.root });
    assert.deepEqual((await findings(next)).filter(({ note }) => note !== true), []);
    assert.deepEqual(readdirSync(store.layout.tmp), []);
  }

  for (let round = 0; round < ROUNDS; round++) {
    const when = round % 2 === 0 ? { lines: randomInt(1, 4 * LAYERS + 1) } : { requests: randomInt(2, LAYERS + 5) };
    it(`pull, after ${JSON.stringify(when)}: the next one ends it`, async () => {
      const name = `${fake.host}/crash/pull${round}:v1`;
      const layers = Array.from({ length: LAYERS }, (_, index) => layerOf([{ name: `file${index}`, content: randomBytes(150_000).toString('hex') }]));
      fake.addImage(`crash/pull${round}`, 'v1', layers);
      await killed(['pull', name], when);
      await clean();
      assert.equal(await killed(['pull', name], {}), 0);
      await clean();
      const image = await test.engine.images.get(name);
      assert.deepEqual(readdirSync(store.layout.imageRootfs(image.id)).sort(), layers.map((_, index) => `file${index}`));
      await test.engine.images.remove(name);
      assert.deepEqual(readdirSync(store.layout.layers), []);
      assert.deepEqual(readdirSync(store.layout.blobs), []);
    });
  }

  for (let round = 0; round < ROUNDS / 2; round++) {
    const requests = randomInt(2, 14);
    it(`push, after ${requests} requests: the next one ends it`, async () => {
      const name = `${fake.host}/crash/push${round}:v1`;
      const container = await test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', `dd if=/dev/urandom of=/r bs=1000 count=300 2>/dev/null; echo ${round}`], network: 'none' });
      await container.wait();
      await container.commit({ reference: name });
      await container.remove();
      await killed(['push', name], { requests });
      await clean();
      assert.equal(await killed(['push', name], {}), 0);
      await clean();
      assert.ok(fake.manifests.has(`crash/push${round}:v1`));
      await test.engine.images.remove(name);
    });
  }
});
