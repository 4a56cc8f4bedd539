// SPDX-License-Identifier: Apache-2.0
'use strict';
// An emulated machine is ten to twenty times slower: every time limit is half an hour at least, also those that suites set.

const { Runnable, Suite } = require('mocha');

for (const { prototype } of [Runnable, Suite]) {
  const { timeout } = prototype;
  prototype.timeout = function (...limit) {
    return limit.length === 0 || limit[0] === 0 ? timeout.apply(this, limit) : timeout.call(this, Math.max(limit[0], 1_800_000));
  };
}

// A run takes long: what failed is told at once, not only at its end.
exports.mochaHooks = {
  afterEach() {
    if (this.currentTest.err) console.log(this.currentTest.err.stack);
  },
};
