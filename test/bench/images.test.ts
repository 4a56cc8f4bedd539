// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { fileSizes, Random } from '../../bench/images/content';
import { IMAGE_PARTS } from '../../bench/images/parts';
import { parseParts, runBenchmarks } from '../../bench/run';
import { missingPrograms } from '../helpers/docker-registry';

describe('benchmark of images', () => {
  it('makes the same content each time, as much as it was asked for', () => {
    assert.deepEqual(new Random(7).bytes(33), new Random(7).bytes(33));
    const sizes = fileSizes(new Random(3), 1_000_000, 50);
    const sum = sizes.reduce((all, size) => all + size, 0);
    assert.ok(sum <= 1_000_000 && sum > 999_900, String(sum));
  });

  it('knows all of its parts by one name', () => {
    assert.deepEqual(parseParts(['images']), [...IMAGE_PARTS]);
    assert.throws(() => parseParts(['images-burn']), { code: 'E_INVALID' });
  });

  it('measures every part of a tiny image', async function () {
    this.timeout(600_000);
    const missing = missingPrograms('docker-registry', 'cc', 'pkg-config');
    if (missing !== undefined) {
      console.log(`      ${missing}`);
      return this.skip();
    }
    const { comparisons } = await runBenchmarks({ quick: true, imageSize: 1, parts: [...IMAGE_PARTS] });
    assert.equal(comparisons.length, 10);
    for (const { title, sides } of comparisons) {
      assert.ok(sides.some(({ name }) => name === 'dockerlite' || title.startsWith('pull of')), title);
      assert.ok(sides.every(({ summary }) => summary.min > 0), title);
    }
  });
});
