// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import type { ImageTreeNode } from '../../lib/images/tree';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

interface Shape {
  [name: string]: Shape;
}

describe('images --tree', () => {
  let test: TestEngine;
  let cli: Cli;

  before(async () => {
    test = await TestEngine.create({ mebibytes: 512 });
    cli = new Cli(test.root);
    for (const [from, to] of [['busybox', 'web:v1'], ['web:v1', 'web:v2'], ['busybox', 'db']] as const) {
      const container = await test.engine.containers.run({ image: from, command: ['sh', '-c', `head -c 3000 /dev/zero > /${to.replace(':', '')}`], network: 'none' });
      await container.wait();
      await container.commit({ reference: to });
      await container.remove();
    }
    await test.engine.images.tag('web:v2', 'registry.example/web:v2');
    await test.engine.containers.create({ image: 'db', network: 'none' });
  });
  after(() => test.remove());

  const shape = (nodes: ImageTreeNode[]): Shape => Object.fromEntries(nodes.map(({ image, children }) => [image.tags[0] ?? image.id, shape(children)]));

  it('puts each image below the one it was made from, with what it adds', async () => {
    const tree = await test.engine.images.tree();
    const busybox = tree.find(({ image }) => image.tags.includes('busybox:latest'));
    assert.deepEqual(shape(tree), { 'busybox:latest': { 'db:latest': {}, 'web:v1': { 'registry.example/web:v2': {} } }, 'empty:latest': {} });
    // What a commit adds is not measured.
    assert.deepEqual(busybox?.children.map(({ ownSize, inUse }) => [ownSize, inUse]), [[0, true], [0, false]]);
    assert.equal(busybox?.ownSize, busybox?.image.size);
  });

  it('an image whose parent is not shown stands by itself', async () => {
    assert.deepEqual(shape(await test.engine.images.tree({ filters: { reference: ['*web:v2', 'db', 'registry.example/*'] } })), { 'db:latest': {}, 'registry.example/web:v2': {} });
  });

  it('is drawn as Docker draws trees', async () => {
    const lines = (await cli.ok('images', '--tree')).split('\n');
    assert.match(lines[0] ?? '', /^IMAGE {2,}ID {2,}DISK USAGE {3}CONTENT SIZE {3}EXTRA$/);
    const figures = String.raw` +[0-9a-f]{12} +[\d.]+[kM]?B +`;
    for (const pattern of [
      new RegExp(`^busybox:latest${figures}[\\d.]+MB$`),
      new RegExp(`^├─ db:latest${figures}0B +U$`),
      new RegExp(`^└─ web:v1${figures}0B$`),
      /^ {3}└─ registry\.example\/web:v2$/,
      new RegExp(`^ {6}web:v2${figures}0B$`),
    ]) assert.equal(lines.filter((line) => pattern.test(line)).length, 1, `${String(pattern)}\n${lines.join('\n')}`);
    assert.equal(await cli.ok('image', 'ls', '--tree', 'db'), (await cli.ok('images', '--tree', '-f', 'reference=db')));
  });

  it('refuses what does not go with it, in Docker’s words', async () => {
    for (const option of ['--quiet', '--no-trunc', '--digests', '--format={{.ID}}']) {
      const { status, stdout, stderr } = await cli.run('images', '--tree', option);
      assert.equal(stdout, '');
      assert.match(stderr, new RegExp(`${option.replace(/=.*/, '')} is not yet supported with --tree`));
      assert.equal(status, 1);
    }
    assert.match((await cli.run('images', '--tree', '-f', 'wrong=1')).stderr, /invalid filter 'wrong'/);
  });
});
