// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Engine } from '../../../lib/engine';
import { supervisors } from '../../crash/victims';
import { TestEngine } from '../../helpers/engine';
import { patience } from '../../helpers/patience';
import { preload } from '../../helpers/preload';

const SOURCE = join(__dirname, '../../../../test/faults/supervisor/stopped-thread.c');

/** A lock that a thread holds at that moment is held for ever in what is forked then. */
describe('a spawner that forks while its thread is in the middle of something', function () {
  this.timeout(patience(30_000));
  let test: TestEngine;
  let library: string;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    library = join(test.loop.directory, 'stopped-thread.so');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-fno-builtin', '-o', library, SOURCE], { stdio: 'inherit' });
  });
  afterEach(function () {
    // What waits for ever is ended.
    if (this.currentTest?.state === 'failed') for (const pid of supervisors()) process.kill(pid, 'SIGKILL');
  });
  after(() => test.remove());

  for (const [call, what] of [['open', 'reading which control groups there are'], ['dlsym', 'looking up a function']]) {
    it(`${what}: the container starts all the same`, async function () {
      if (process.env['LD_PRELOAD']?.includes('libasan') === true) {
        console.log('      skipped: with AddressSanitizer a spawner waits for its thread before it forks');
        return this.skip();
      }
      const client = await Engine.open({ root: test.root, pool: 0 });
      const container = await client.containers.create({ image: 'busybox', command: ['true'], network: 'none' });
      process.env['DOCKERLITE_TEST_STOP_AT'] = call;
      const endPreload = preload(library);
      try {
        await container.start();
        assert.equal((await container.wait()).exitCode, 0);
      } finally {
        endPreload();
        delete process.env['DOCKERLITE_TEST_STOP_AT'];
        await client.close();
      }
      await container.remove().catch(() => undefined);
    });
  }
});
