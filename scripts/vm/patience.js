// SPDX-License-Identifier: Apache-2.0
'use strict';
// An emulated machine is ten to twenty times slower: every time limit is ten minutes at least, also those that suites set.

const { Runnable, Suite } = require('mocha');

for (const { prototype } of [Runnable, Suite]) {
  const { timeout } = prototype;
  prototype.timeout = function (...limit) {
    return limit.length === 0 || limit[0] === 0 ? timeout.apply(this, limit) : timeout.call(this, Math.max(limit[0], 600_000));
  };
}
