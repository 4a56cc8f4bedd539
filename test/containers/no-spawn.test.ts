// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { TestEngine } from '../helpers/engine';

const LIB = join(__dirname, '../../lib');
const COUNT = 3;

/** A program as a user would write it. */
const PROGRAM = `
const { Engine } = require(${JSON.stringify(LIB)});
(async () => {
  const engine = await Engine.open({ root: process.argv[1] });
  for (let i = 0; i < ${COUNT}; i++) {
    const container = await engine.containers.create({ image: 'busybox', command: ['/bin/true'], network: process.argv[2] });
    await container.start();
    const { exitCode } = await container.wait();
    if (exitCode !== 0) throw new Error('exit code ' + exitCode);
    await container.remove();
  }
  await engine.close();
})();
`;

describe('starting a container spawns no programs', function () {
  let test: TestEngine;

  before(async function () {
    const reason = whyNotTraceable();
    if (reason !== undefined) {
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
    test = await TestEngine.create();
  });
  after(() => test?.remove());

  for (const network of ['none', 'bridge']) {
    it(`executes only the supervisor, the init shim and the command, network ${network}`, async () => {
      const names = (await executed(test, network)).map((path) => basename(path));
      const counts = (name: string) => names.filter((other) => other === name).length;
      assert.equal(counts('init'), COUNT, 'the shim, once per container');
      assert.equal(counts('true'), COUNT, 'the command, once per container');
      assert.ok(counts('dockerlite-supervisor') <= COUNT, 'at most one supervisor per container');
      assert.deepEqual([...new Set(names)].sort(), ['dockerlite-supervisor', 'init', 'true']);
    });
  }
});

/** Every execve(2) of the program and its descendants that succeeded, but Node's own. */
async function executed(test: TestEngine, network: string): Promise<string[]> {
  const trace = join(test.loop.directory, `trace-${network}`);
  await promisify(execFile)('strace', ['-f', '-qq', '-e', 'trace=execve,execveat', '-e', 'signal=none', '-s', '4096', '-o', trace, process.execPath, '-e', PROGRAM, test.root, network]);
  const paths: string[] = [];
  const unfinished = new Map<string, string>();
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const called = /^execve(?:at)?\((?:\w+, )?"([^"]*)"/.exec(rest)?.[1];
    if (called !== undefined && rest.endsWith('<unfinished ...>')) unfinished.set(pid, called);
    const path = called ?? (rest.startsWith('<... execve') ? unfinished.get(pid) : undefined);
    if (path !== undefined && / = 0$/.test(rest)) paths.push(path);
  }
  assert.equal(paths.shift(), process.execPath);
  return paths;
}

function whyNotTraceable(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-qq', '-o', '/dev/null', '/bin/true'], { encoding: 'utf8' });
  if (error) return 'strace is not installed';
  return status === 0 ? undefined : `strace does not work here: ${stderr.trim()}`;
}
