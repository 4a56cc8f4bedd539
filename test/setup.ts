// SPDX-License-Identifier: Apache-2.0
// Loaded by mocha before the test files: gives tests a directory of their own and fails the suite that leaves anything behind.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { leftovers, newLeftovers, type Leftovers } from './helpers/leaks';

// On a real disk: stores are sparse files of gigabytes. Everything that asks for os.tmpdir() gets it, child processes too.
const directory = mkdtempSync(`${process.env['DOCKERLITE_TEST_DIR'] ?? '/var/tmp'}/dockerlite-test-`);
process.env['TMPDIR'] = directory;
process.env['DOCKERLITE_TEST_RUN'] = String(process.pid);
// A store of the machine's user must never be what a test works on.
process.env['DOCKERLITE_ROOT'] = `${directory}/no-store`;

process.once('exit', () => {
  try {
    rmdirSync(directory);
  } catch {
    // Not empty: what is in it has been reported.
  }
});

export const mochaHooks: Mocha.RootHookObject = {
  beforeAll(this: Mocha.Context) {
    for (const suite of this.test?.parent?.suites ?? []) watch(suite);
  },
  afterAll() {
    setTimeout(stillAlive, 10_000).unref();
  },
};

/** The first hook and the last one of a file's suite. */
function watch(suite: Mocha.Suite): void {
  let before: Leftovers;
  suite.beforeAll('nothing left behind: start', () => {
    before = leftovers(directory);
  });
  const hooks = (suite as unknown as { _beforeAll: Mocha.Hook[] })._beforeAll;
  hooks.unshift(...hooks.splice(-1));
  suite.afterAll('nothing left behind', async () => {
    const added = await newLeftovers(directory, before);
    if (added.length > 0) throw new Error(`left behind by ${suite.title}:\n  ${added.join('\n  ')}`);
  });
}

/** Runs only when something a test forgot keeps Node from ending: say what instead of hanging. */
function stillAlive(): void {
  console.error(`the tests have ended, but these keep Node running: ${process.getActiveResourcesInfo().join(', ')}`);
  // After mocha's own handler, which sets the status from its count of failures.
  process.once('exit', () => (process.exitCode = 1));
  process.exit();
}
