// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { TestEngine } from './helpers/engine';

const root = join(__dirname, '../..');

describe("the README's example", () => {
  let test: TestEngine;
  // Inside the package, where its own name resolves to it.
  const file = join(root, 'build', `readme-example-${process.pid}.mjs`);
  before(async () => {
    test = await TestEngine.create();
  });
  after(async () => {
    rmSync(file, { force: true });
    await test.remove();
  });

  it('does what it says', async () => {
    const example = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? '';
    assert.ok(example.trim().split('\n').length <= 15, 'short enough to be read');
    writeFileSync(file, (await transform(example, { loader: 'ts', target: 'node20', format: 'esm' })).code);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { ...process.env, DOCKERLITE_ROOT: test.root } });
    const lines = stdout.trim().split('\n');
    assert.deepEqual(
      ['hello', 'exit code 0', 'added /greeting', '100 forks'].filter((line) => !lines.includes(line)),
      [],
      stdout,
    );
    assert.deepEqual(await test.engine.containers.list({ all: true }), [], 'everything it made is gone');
    assert.ok((await test.engine.images.get('greeted:v1')).id);
  });
});
