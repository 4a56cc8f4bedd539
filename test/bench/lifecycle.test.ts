// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { Bed } from '../../bench/bed';
import { compareLifecycle } from '../../bench/lifecycle';
import { rootIsMounted } from '../../bench/peers';
import { missingPrograms } from '../helpers/docker-registry';

describe('benchmark of lifecycles', () => {
  it('starts the same container with the settings of ours in C', async function () {
    this.timeout(120_000);
    const missing = rootIsMounted() ? missingPrograms('cc', 'pkg-config') : 'the root directory is that of a chroot, where liblxc alone cannot start a container';
    if (missing !== undefined) {
      console.log(`      ${missing}`);
      return this.skip();
    }
    const bed = await Bed.make();
    try {
      const [comparison] = await compareLifecycle(bed, true, [1]);
      assert.ok(comparison !== undefined && comparison.sides.some(({ name }) => name.startsWith('C')));
      assert.ok(comparison.sides.every(({ summary }) => summary.min > 0));
    } finally {
      await bed.remove();
    }
  });
});
