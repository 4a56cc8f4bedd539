// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';

const DAY = 24 * 3600 * 1000;

describe('a clock that jumps', () => {
  const { now } = Date;
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
  });
  afterEach(() => {
    Date.now = now;
  });
  after(() => test.remove());

  for (const [name, jump] of [['back before its own time', -60 * 365 * DAY], ['back a little', -DAY], ['a century on', 100 * 365 * DAY]] as const) {
    it(`${name}, between any two steps`, async () => {
      const set = (jumped: boolean) => {
        Date.now = jumped ? () => now() + jump : now;
      };
      for (const first of [true, false]) {
        set(first);
        const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
        set(!first);
        await container.start();
        set(first);
        assert.equal((await container.inspect()).State.Status, 'running');
        const image = await container.commit({ reference: 'jumped' });
        set(!first);
        await container.stop({ timeout: 0 });
        assert.equal((await container.wait()).exitCode, 137);
        assert.ok((await test.engine.containers.list({ all: true })).some(({ id }) => id === container.id));
        set(first);
        await container.remove();
        await test.engine.images.remove(image.id);
        assert.deepEqual(await findings(test.engine), []);
      }
    });
  }
});
