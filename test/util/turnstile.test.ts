// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { Turnstile } from '../../lib/util/turnstile';

describe('Turnstile', () => {
  it('lets so many in together, in order, and everybody in the end', async () => {
    const turnstile = new Turnstile(3);
    const order: number[] = [];
    let inside = 0;
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        turnstile.run(async () => {
          order.push(i);
          most = Math.max(most, ++inside);
          for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
          inside--;
          return i;
        }),
      ),
    );
    assert.equal(most, 3);
    assert.deepEqual(order, Array.from({ length: 20 }, (_, i) => i));
    assert.deepEqual(results, order);
  });

  it('gives the event loop a turn between two', async () => {
    const turnstile = new Turnstile(100);
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(Array.from({ length: 50 }, () => turnstile.run(async () => undefined)));
    done = true;
    assert.ok(turns >= 49, `${turns} turns`);
  });

  it('goes on after a failure', async () => {
    const turnstile = new Turnstile(1);
    const results = await Promise.allSettled([turnstile.run(() => Promise.reject(new Error('no'))), turnstile.run(async () => 1)]);
    assert.deepEqual(results.map((result) => result.status), ['rejected', 'fulfilled']);
  });
});
