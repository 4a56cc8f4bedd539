// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Cli, type CliResult } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

describe('dockerlite system check', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const check = (...args: string[]) => new Cli(test.root).run('system', 'check', ...args);

  it('finds nothing in a store that is well', async () => {
    assert.deepEqual(await text(check()), [0, 'Nothing found\n', '']);
    assert.deepEqual(await text(check('--format', 'json')), [0, '', '']);
  });

  it('finds a tree nobody knows, leaves it without --repair and removes it with', async () => {
    const stray = join(test.root, 'containers', 'ab'.repeat(32));
    mkdirSync(stray);
    const found = await check();
    assert.equal(found.status, 1);
    assert.match(found.stdout, /^tree without a row: .*abab: no name points to it\n$/);
    assert.match(found.stderr, /system check --repair/);
    assert.ok(existsSync(stray));

    const json = await check('--format=json');
    assert.deepEqual([json.status, json.stderr], [1, '']);
    assert.deepEqual(JSON.parse(json.stdout), { kind: 'tree without a row', what: stray, detail: 'no name points to it' });

    const repaired = await check('--repair');
    assert.deepEqual([repaired.status, repaired.stderr], [0, '']);
    assert.match(repaired.stdout, /\(removed\)\n$/);
    assert.ok(!existsSync(stray));
    assert.deepEqual(await text(check()), [0, 'Nothing found\n', '']);
  });

  it('refuses what it does not know', async () => {
    for (const args of [['--format', 'yaml'], ['--fix'], ['x']]) {
      const result = await check(...args);
      assert.notEqual(result.status, 0);
      assert.match(result.stderr, /^dockerlite: .*\n\nUsage:  dockerlite check \[OPTIONS\].*\n\nRun 'dockerlite check --help' for more information\n$/);
    }
    const missing = await new Cli('/nonexistent/store').run('system', 'check');
    assert.equal(missing.status, 1);
  });
});

async function text(result: Promise<CliResult>): Promise<[number | null, string, string]> {
  const { status, stdout, stderr } = await result;
  return [status, stdout, stderr];
}
