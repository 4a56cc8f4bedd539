// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import { parseSize } from '../../cli/parse-size';
import { Cli } from '../helpers/cli';
import { LoopStore } from '../helpers/loop-store';

describe('dockerlite init', () => {
  let loop: LoopStore;
  before(async () => {
    loop = await LoopStore.create();
  });
  after(() => loop.remove());

  it('makes a subvolume on btrfs, says so, and refuses to do it again', async () => {
    const root = join(loop.path, 'a');
    const first = await new Cli(root).run('init', '--subnet', '10.213.0.0/24');
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /^Initialized store [0-9a-f]{16}: a btrfs subvolume at .*\/a\nSubnet of its containers: 10\.213\.0\.0\/24\n$/);
    assert.match((await new Cli(root).run('lsi')).stdout, /^[0-9a-f]{64} empty:latest\n$/);
    const second = await new Cli(root).run('init');
    assert.deepEqual([second.status, second.stdout, second.stderr], [1, '', `dockerlite: there is a dockerlite store at ${root} already\n`]);
  });

  it('takes --root before the environment', async () => {
    const root = join(loop.path, 'b');
    const made = await new Cli(root).runWith({ env: { DOCKERLITE_ROOT: '/nonexistent' } }, 'init');
    assert.equal(made.status, 0, made.stderr);
    assert.ok(existsSync(join(root, 'dockerlite.json')));
  });

  it('makes a sparse image elsewhere, of the size asked for', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
    const root = join(directory, 'store');
    try {
      const made = await new Cli(root).run('init', '--size', '512m');
      assert.equal(made.status, 0, made.stderr);
      assert.match(made.stdout, /the btrfs image .*store\.img, mounted on /);
      assert.equal(statSync(`${root}.img`).size, 512 * 1024 ** 2);
    } finally {
      await btrfs.unmount(root).catch(() => undefined);
      rmSync(directory, { recursive: true, force: true });
    }
  });

  for (const [args, status, message] of [
    [['--size', 'big'], 125, /invalid size: 'big'/],
    [['--size', '-1g'], 125, /invalid size/],
    [['--size', '12m'], 1, /invalid store size: expected at least 256 MiB/],
    [['--size', '1g', '--device', '/dev/null'], 125, /conflicting options/],
    [['--force'], 125, /--force is for --device only/],
    [['--subnet', '10.0.0.1/33'], 1, /subnet/],
    [['--device', '/nonexistent/sdx'], 1, /sdx/],
    [['here'], 1, /accepts no arguments/],
  ] as const) {
    it(`refuses ${args.join(' ')} and makes nothing`, async () => {
      const root = join(loop.path, 'refused');
      const result = await new Cli(root).run('init', ...args);
      assert.match(result.stderr, message);
      assert.equal(result.status, status);
      assert.ok(!existsSync(root) && !existsSync(`${root}.img`));
    });
  }

  it('does not take a directory that holds something', async () => {
    const root = join(loop.path, 'full');
    mkdirSync(root);
    writeFileSync(join(root, 'file'), '');
    const result = await new Cli(root).run('init');
    assert.match(result.stderr, /is not empty/);
    assert.equal(result.status, 1);
  });

  it('reads sizes as Docker does', () => {
    for (const [text, bytes] of [['1024', 1024], ['1k', 1024], ['20G', 20 * 1024 ** 3], ['512mb', 512 * 1024 ** 2], ['1.5KiB', 1536], ['2 TB', 2 * 1024 ** 4]] as const) {
      assert.equal(parseSize('size', text), bytes);
    }
    for (const text of ['', 'k', '1x', '1kk', '0x10', '1e3', '99999999p']) assert.throws(() => parseSize('size', text), /invalid size/);
  });
});
