// SPDX-License-Identifier: Apache-2.0
'use strict';
// Mocha's spec reporter and, as the last line, the totals in one form that is easy to find.

const Mocha = require('mocha');

module.exports = class extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      Mocha.reporters.Base.consoleLog('%d passed, %d failed, %d skipped', passes, failures, pending);
    });
  }
};
