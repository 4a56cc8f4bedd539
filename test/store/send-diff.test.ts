// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as btrfs from '../../lib/binding/btrfs';
import { LoopStore } from '../helpers/loop-store';
import { RandomTree, seeded } from '../helpers/random-tree';
import { compareTrees, expandChanges, readTree } from '../helpers/tree-oracle';

describe('sendDiff', function () {
  this.timeout(300_000);
  let store: LoopStore;
  let tree: string;
  let counter = 0;

  before(async () => {
    store = await LoopStore.create();
  });
  after(() => store.remove());
  beforeEach(async () => {
    const name = `tree${counter++}`;
    await btrfs.subvolumeCreate(store.path, name);
    tree = `${store.path}/${name}`;
  });

  async function snapshot(): Promise<string> {
    const name = `snapshot${counter++}`;
    await btrfs.snapshotCreate(tree, store.path, name, true);
    return `${store.path}/${name}`;
  }

  /** What the changes of `change` are, as "kind path[ <- from]". */
  async function changesOf(change: () => void): Promise<string[]> {
    const before = await snapshot();
    change();
    const changes = await btrfs.sendDiff(before, await snapshot());
    return changes.map(({ kind, path, from }) => `${kind} ${path.toString()}${from === undefined ? '' : ` <- ${from.toString()}`}`);
  }

  function shell(script: string): void {
    execFileSync('bash', ['-euc', script], { cwd: tree, stdio: 'pipe' });
  }

  it('finds nothing between equal snapshots, whatever was read', async () => {
    shell('mkdir d; echo 1 >d/f');
    assert.deepEqual(await changesOf(() => shell('cat d/f; ls d; chmod 600 d/f; chmod 644 d/f; touch -a d/f')), []);
  });

  it('lists additions, changes, deletions and the directories they are in', async () => {
    shell('mkdir -p etc/keep usr/bin; echo 1 >etc/hosts; echo 1 >etc/gone; echo 1 >usr/bin/tool');
    assert.deepEqual(await changesOf(() => shell('echo 2 >>etc/hosts; rm etc/gone; mkdir -p usr/new/deep; echo 3 >usr/new/deep/f')), [
      'changed etc', 'deleted etc/gone', 'changed etc/hosts', 'changed usr', 'added usr/new', 'added usr/new/deep', 'added usr/new/deep/f',
    ]);
  });

  it('lists a deleted directory alone', async () => {
    shell('mkdir -p d/e; echo 1 >d/e/f');
    assert.deepEqual(await changesOf(() => shell('rm -r d')), ['deleted d']);
  });

  it('lists renames as such, of files and of directories without what is in them', async () => {
    shell('mkdir -p d/e; echo 1 >d/e/f; echo 2 >file');
    assert.deepEqual(await changesOf(() => shell('mv d dd; mv file renamed')), ['renamed dd <- d', 'renamed renamed <- file']);
  });

  it('follows changes below renamed directories', async () => {
    shell('mkdir -p d/e/g; echo 1 >d/e/f; echo 2 >d/e/gone; echo 3 >d/e/g/h');
    assert.deepEqual(await changesOf(() => shell('mv d dd; echo 4 >>dd/e/f; rm dd/e/gone; mv dd/e/g top; echo 5 >dd/new')), [
      'deleted d/e/gone', 'renamed dd <- d', 'changed dd/e', 'changed dd/e/f', 'added dd/new', 'renamed top <- d/e/g',
    ]);
  });

  it('handles two directories that changed places', async () => {
    shell('mkdir a b; echo 1 >a/x; echo 2 >b/y');
    assert.deepEqual(await changesOf(() => shell('mv a c; mv b a; mv c b')), ['renamed a <- b', 'renamed b <- a']);
  });

  it('calls a path that was deleted and made again changed', async () => {
    shell('echo 1 >f; mkdir d; echo 1 >d/a; echo 1 >d/b; ln -s x s');
    assert.deepEqual(await changesOf(() => shell('rm f; echo 2 >f; rm -r d; mkdir d; echo 2 >d/a; rm s; mkdir s')), [
      'changed d', 'changed d/a', 'deleted d/b', 'changed f', 'changed s',
    ]);
  });

  it('lists every name of a changed file with several', async () => {
    shell('mkdir d; echo 1 >f; ln f d/g; ln f h');
    assert.deepEqual(await changesOf(() => shell('echo 2 >>f')), ['changed d/g', 'changed f', 'changed h']);
    assert.deepEqual(await changesOf(() => shell('ln f i')), ['added i']);
    assert.deepEqual(await changesOf(() => shell('rm h')), ['deleted h']);
  });

  it('sees owners, modes, times, attributes and capabilities', async () => {
    shell('for f in a b c d e f; do echo 1 >$f; done; setcap cap_net_raw+ep e 2>/dev/null || :');
    const script = 'chown 1 a; chmod 4755 b; touch -d 2001-01-01 c; python3 -c \'import os; os.setxattr("d", "user.x", b"1")\'; cat e';
    assert.deepEqual(await changesOf(() => shell(script)), ['changed a', 'changed b', 'changed c', 'changed d']);
  });

  it('keeps names that are not UTF-8, have newlines or look like its own', async () => {
    const names = ['\xff\xfe', 'new\nline', 'o257-7-0', ' ', '..a'].map((name) => Buffer.from(name, 'latin1'));
    const full = (name: Buffer) => Buffer.concat([Buffer.from(`${tree}/`), name]);
    const before = await snapshot();
    for (const name of names) fs.writeFileSync(full(name), '1');
    const changes = await btrfs.sendDiff(before, await snapshot());
    assert.deepEqual(changes.map(({ path }) => path.toString('latin1')).sort(), names.map((name) => name.toString('latin1')).sort());
  });

  it('compares snapshots that have nothing to do with each other', async () => {
    shell('echo 1 >same; echo 1 >one');
    const first = await snapshot();
    await btrfs.subvolumeCreate(store.path, 'other');
    tree = `${store.path}/other`;
    shell('echo 1 >same; echo 1 >two');
    const changes = await btrfs.sendDiff(first, await snapshot());
    assert.deepEqual(changes.map(({ kind, path }) => `${kind} ${path.toString()}`), ['deleted one', 'changed same', 'added two']);
  });

  it('leaves subvolumes inside the tree out', async () => {
    shell('mkdir d');
    const before = await snapshot();
    await btrfs.subvolumeCreate(`${tree}/d`, 'nested');
    shell('echo 1 >d/nested/f; echo 1 >d/g');
    const changes = await btrfs.sendDiff(before, await snapshot());
    assert.deepEqual(changes.map(({ kind, path }) => `${kind} ${path.toString()}`), ['changed d', 'added d/g']);
  });

  it('agrees with a comparison of both trees after random changes', async () => {
    const rounds = Number(process.env.DOCKERLITE_DIFF_ROUNDS ?? 15);
    const start = Number(process.env.DOCKERLITE_DIFF_SEED ?? 1);
    for (let seed = start; seed < start + rounds; seed++) {
      await btrfs.subvolumeCreate(store.path, `random${seed}`);
      tree = `${store.path}/random${seed}`;
      const random = seeded(seed);
      const changing = new RandomTree(tree, random);
      changing.mutate(20 + random(60));
      const before = await snapshot();
      changing.mutate(1 + random(60));
      const after = await snapshot();
      const [old, now] = [readTree(before), readTree(after)];
      const changes = await btrfs.sendDiff(before, after);
      const told = changes.map(({ kind, path, from }) => [kind, path.toString('latin1'), from?.toString('latin1')]);
      assert.deepEqual(sorted(expandChanges(changes, old, now)), sorted(compareTrees(old, now)), `seed ${seed}: ${JSON.stringify(told)}`);
      for (const path of [before, after, tree]) await btrfs.subvolumeDelete(store.path, path.slice(store.path.length + 1));
    }
  });

  for (const [what, pair] of Object.entries({
    'a writable tree': async () => [tree, await snapshot()] as const,
    'a writable parent': async () => [await snapshot(), tree] as const,
    'a directory': async () => [store.directory, await snapshot()] as const,
    'nothing': async () => [`${tree}-none`, await snapshot()] as const,
  })) {
    it(`refuses ${what}`, async () => {
      const [before, after] = await pair();
      await assert.rejects(btrfs.sendDiff(before, after), /not a read-only subvolume|not on a btrfs|No such file/);
    });
  }
});

function sorted(kinds: Map<string, string>): string[] {
  return [...kinds].map(([path, kind]) => `${kind} ${JSON.stringify(path)}`).sort();
}
