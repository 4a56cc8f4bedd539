// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildTar } from '../helpers/hostile-archive';
import { TestEngine } from '../helpers/engine';
import { FakeRegistry } from '../helpers/fake-registry';

const LIB = join(__dirname, '../../lib');

const PROGRAM = `
const { Engine } = require(${JSON.stringify(LIB)});
(async () => {
  const [root, id, reference, dockerConfig] = process.argv.slice(1);
  const engine = await Engine.open({ root, pool: 0 });
  await (await engine.containers.get(id)).commit({ reference });
  await engine.images.push(reference, { registries: { dockerConfig } }).result;
  await engine.close();
})();
`;

const FILES_PER_DIRECTORY = 100;
const [SMALL, LARGE] = [100, 2000];
/** Calls by which two runs of the same may differ, whatever else happens on the machine. */
const NOISE = 100;

/** What looks names up or lists them, of a file system or of a tree of btrfs. */
const CALLS = 'trace=%file,getdents64,ioctl';

describe('committing and pushing a change', () => {
  let test: TestEngine;
  let fake: FakeRegistry;

  before(async function () {
    const { error, status } = spawnSync('strace', ['-qq', '-o', '/dev/null', '/bin/true']);
    if (error || status !== 0) {
      console.log('      skipped: strace is not installed or does not work here');
      this.skip();
    }
    test = await TestEngine.create();
    fake = await FakeRegistry.start();
  });
  after(async () => {
    await fake?.stop();
    await test?.remove();
  });

  /** System calls that name something, of a process that does it. */
  async function calls(container: string, reference: string): Promise<number> {
    const { directory } = test.loop;
    const trace = join(directory, 'trace');
    await promisify(execFile)('strace', ['-f', '-qq', '-e', CALLS, '-e', 'signal=none', '-o', trace, process.execPath, '-e', PROGRAM, test.root, container, reference, directory]);
    return readFileSync(trace, 'utf8').split('\n').filter((line) => !line.includes('resumed>')).length;
  }

  /** Of ten files more in an image of so many. */
  async function cost(files: number): Promise<number> {
    const tree = join(test.loop.directory, `tree-${files}`);
    for (let i = 0; i < files; i++) {
      const directory = join(tree, String(Math.floor(i / FILES_PER_DIRECTORY)));
      if (i % FILES_PER_DIRECTORY === 0) mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, `file${i}`), 'x');
    }
    const [base, changed] = [`${fake.host}/base:${files}`, `${fake.host}/changed:${files}`];
    const { engine } = test;
    await engine.images.import({ path: tree }, { reference: base });
    await engine.images.push(base, { registries: { dockerConfig: test.loop.directory } }).result;
    const container = await engine.containers.create({ image: base, command: ['none'], network: 'none' });
    const archive = join(test.loop.directory, 'changes.tar');
    writeFileSync(archive, buildTar(Array.from({ length: 10 }, (_, i) => ({ name: `changed${i}`, content: `${i}` }))));
    await container.copyIn({ path: archive }, '/');
    return calls(container.id, changed);
  }

  it('looks up as many names whatever the size of the image', async () => {
    const [small, large] = [await cost(SMALL), await cost(LARGE)];
    assert.ok(Math.abs(large - small) < NOISE, `${small} calls and ${large}`);
  });
});
