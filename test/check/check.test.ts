// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as btrfs from '../../lib/binding/btrfs';
import type { CheckOptions } from '../../lib/check/check';
import type { Finding } from '../../lib/check/finding';
import { initStore } from '../../lib/init';
import { Engine } from '../../lib/engine';
import type { Store } from '../../lib/store/store';
import { storeOf, TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';
import { until } from '../helpers/supervision';

/** Of a process before the last reboot. */
const DEAD = '00000000:1:1';

interface Case {
  kind: Finding['kind'];
  name: string;
  /** Makes the fault; returns what to look at afterwards: true when it is mended. */
  make(): Promise<() => boolean>;
}

describe('check', () => {
  let test: TestEngine;
  let store: Store;
  before(async () => {
    test = await TestEngine.create();
    store = storeOf(test.engine);
  });
  after(() => test.remove());

  const create = () => test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });

  async function makeLayerTree(id: string, state: string): Promise<void> {
    mkdirSync(store.layout.layer(id), { recursive: true });
    await btrfs.subvolumeCreate(store.layout.layer(id), 'rootfs');
    store.db.run("INSERT INTO layers (chain_id, state, owner, parent, diff_id, blob) VALUES (?, ?, ?, '', '', ?)", id, state, DEAD, id);
  }

  const look = (options: CheckOptions = {}) => findings(test.engine, options);

  const CASES: Case[] = [
    {
      kind: 'workspace',
      name: 'work in progress of a killed process',
      async make() {
        const path = join(store.layout.tmp, `import,${DEAD},abc`);
        mkdirSync(path);
        await btrfs.subvolumeCreate(path, 'rootfs');
        return () => !existsSync(path);
      },
    },
    {
      kind: 'unfinished',
      name: 'an image that was being made',
      async make() {
        const image = await (await create()).commit();
        store.db.run("UPDATE images SET state = 'creating', owner = ? WHERE id = ?", DEAD, image.id);
        return () => !existsSync(store.layout.image(image.id));
      },
    },
    {
      kind: 'row without a tree',
      name: 'an image whose subvolume somebody deleted',
      async make() {
        const image = await (await create()).commit({ reference: 'lost' });
        for (const name of ['base', 'rootfs']) await btrfs.subvolumeDelete(store.layout.image(image.id), name);
        return () => store.db.get('SELECT 1 FROM tags WHERE image = ?', image.id) === undefined;
      },
    },
    {
      kind: 'unfinished',
      name: 'a layer that was being made',
      async make() {
        const id = 'a'.repeat(64);
        await makeLayerTree(id, 'creating');
        return () => !existsSync(store.layout.layer(id)) && store.db.get('SELECT 1 FROM layers WHERE chain_id = ?', id) === undefined;
      },
    },
    {
      kind: 'unused layer',
      name: 'a layer of a pull that did not come to its end',
      async make() {
        const id = 'b'.repeat(64);
        await makeLayerTree(id, 'ready');
        return () => !existsSync(store.layout.layer(id));
      },
    },
    {
      kind: 'row without a tree',
      name: 'a layer whose subvolume somebody deleted',
      async make() {
        const id = 'c'.repeat(64);
        await makeLayerTree(id, 'ready');
        await btrfs.subvolumeDelete(store.layout.layer(id), 'rootfs');
        return () => store.db.get('SELECT 1 FROM layers WHERE chain_id = ?', id) === undefined;
      },
    },
    {
      kind: 'tree without a row',
      name: 'a compressed layer nobody knows',
      async make() {
        mkdirSync(store.layout.blobs, { recursive: true });
        const path = store.layout.blob(`${'d'.repeat(64)}.part`);
        writeFileSync(path, 'x');
        return Promise.resolve(() => !existsSync(path));
      },
    },
    {
      kind: 'unfinished',
      name: 'a container that was being made',
      async make() {
        const { id } = await create();
        store.db.run("UPDATE containers SET state = 'creating', owner = ? WHERE id = ?", DEAD, id);
        return () => !existsSync(store.layout.container(id));
      },
    },
    {
      kind: 'dead supervisor',
      name: 'a container whose supervisor is gone',
      async make() {
        const { id } = await create();
        store.db.run("UPDATE containers SET state = 'running', owner = ? WHERE id = ?", DEAD, id);
        return () => store.db.get<{ state: string; exit_code: number }>('SELECT state, exit_code FROM containers WHERE id = ?', id)?.exit_code === 255;
      },
    },
    {
      kind: 'row without a tree',
      name: 'a container whose subvolume somebody deleted',
      async make() {
        const { id } = await create();
        await btrfs.subvolumeDelete(store.layout.container(id), 'rootfs');
        return () => store.db.get('SELECT 1 FROM containers WHERE id = ?', id) === undefined;
      },
    },
    {
      kind: 'tree without a row',
      name: 'a tree nobody knows',
      async make() {
        const path = store.layout.container('f'.repeat(64));
        mkdirSync(path);
        await btrfs.subvolumeCreate(path, 'rootfs');
        return () => !existsSync(path);
      },
    },
    {
      kind: 'pool',
      name: 'ready snapshots of an image that is gone',
      async make() {
        const path = store.layout.imagePool('d'.repeat(64));
        mkdirSync(join(path, 'one'), { recursive: true });
        await btrfs.subvolumeCreate(join(path, 'one'), 'rootfs');
        return () => !existsSync(path);
      },
    },
    {
      kind: 'pool',
      name: 'a ready snapshot that was not finished',
      async make() {
        const { id } = await test.engine.images.get('busybox');
        const path = join(store.layout.imagePool(id), `.${DEAD},abc`);
        mkdirSync(path, { recursive: true });
        return () => !existsSync(path);
      },
    },
    {
      kind: 'remains',
      name: 'a control group of a container that does not run',
      async make() {
        const { id } = await create();
        const [hierarchy] = existsSync('/sys/fs/cgroup/cgroup.procs') ? [''] : ['pids/'];
        const path = `/sys/fs/cgroup/${hierarchy}lxc.payload.${id}`;
        mkdirSync(`${path}/inner`, { recursive: true });
        return () => !existsSync(path);
      },
    },
    {
      kind: 'remains',
      name: 'a veth of a container that does not run',
      async make() {
        const { id } = await create();
        const name = `dl${id.slice(0, 12)}`;
        execFileSync('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', `p${id.slice(0, 12)}`]);
        return () => !existsSync(`/sys/class/net/${name}`);
      },
    },
    {
      kind: 'run directory',
      name: 'the run directory of a container that does not run',
      async make() {
        const { id } = await create();
        mkdirSync(join(store.layout.runDir(id), 'lxc'), { recursive: true });
        return () => !existsSync(store.layout.runDir(id));
      },
    },
    {
      kind: 'lock file',
      name: "liblxc's lock file of a container that is gone",
      async make() {
        const path = join(store.layout.lxcLocks, `.${'c'.repeat(64)}`);
        mkdirSync(store.layout.lxcLocks, { recursive: true });
        writeFileSync(path, '');
        return () => !existsSync(path);
      },
    },
    {
      kind: 'address',
      name: 'an address of a container that is gone',
      async make() {
        store.db.run('INSERT INTO addresses (ip, network, container_id) VALUES (1, \'bridge\', ?)', 'b'.repeat(64));
        return () => store.db.get('SELECT 1 FROM addresses WHERE ip = 1') === undefined;
      },
    },
    {
      kind: 'mount',
      name: "something mounted inside a container's tree",
      async make() {
        const { id } = await create();
        const path = join(store.layout.containerRootfs(id), 'tmp');
        execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);
        return () => {
          writeFileSync(join(path, 'now in the tree'), '');
          return existsSync(join(path, 'now in the tree'));
        };
      },
    },
  ];

  for (const { kind, name, make } of CASES) {
    it(`${name}: says so, mends it, and then finds nothing`, async () => {
      const isMended = await make();
      const found = await look();
      assert.deepEqual(found.map((finding) => [finding.kind, finding.repaired]), [[kind, undefined]]);
      const [repaired] = await look({ repair: true });
      assert.equal(repaired?.kind, kind);
      assert.ok(repaired?.repaired, JSON.stringify(repaired));
      assert.ok(isMended());
      assert.deepEqual(await look(), []);
      for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove();
    });
  }

  it('leaves alone what is at work: running containers, and what living processes are making', async () => {
    const container = await create();
    await container.start();
    const making = await create();
    store.db.run("UPDATE containers SET state = 'creating', owner = (SELECT owner FROM containers WHERE id = ?) WHERE id = ?", container.id, making.id);
    assert.deepEqual(await look({ repair: true }), []);
    assert.equal((await container.inspect()).State.Status, 'running');
    store.db.run("UPDATE containers SET state = 'created', owner = '' WHERE id = ?", making.id);
    await making.remove();
    await container.remove({ force: true });
  });

  it('mentions subvolumes it did not make, and removes none', async () => {
    const container = await create();
    await btrfs.subvolumeCreate(store.layout.containerRootfs(container.id), 'guest');
    await btrfs.subvolumeCreate(test.root, 'mine');
    const found = await look({ repair: true });
    assert.deepEqual(found.map(({ kind, note, repaired }) => [kind, note, repaired]).sort(), [['nested subvolume', true, undefined], ['stray subvolume', true, undefined]]);
    assert.ok(existsSync(join(test.root, 'mine')) && existsSync(join(store.layout.containerRootfs(container.id), 'guest')));
    await container.remove();
    await btrfs.subvolumeDelete(test.root, 'mine');
    assert.deepEqual(await look(), []);
  });

  it('says what it could not mend and goes on with the rest', async () => {
    const { id } = await create();
    const path = join(store.layout.containerRootfs(id), 'tmp');
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);
    const held = execFileSync('sh', ['-c', `exec 3>${path}/held; sleep 1000 </dev/null >/dev/null 2>&1 & echo $!`], { encoding: 'utf8' }).trim();
    mkdirSync(store.layout.runDir('a'.repeat(64)), { recursive: true });
    try {
      const found = await look({ repair: true });
      assert.deepEqual(found.map(({ kind, repaired, failed }) => [kind, repaired, failed !== undefined]).sort(), [['mount', undefined, true], ['run directory', 'removed', false]]);
      assert.match(found.find(({ kind }) => kind === 'mount')?.failed ?? '', /busy/i);
    } finally {
      process.kill(Number(held), 'SIGKILL');
    }
    for (;;) if ((await look({ repair: true })).length === 0) break;
    await (await test.engine.containers.get(id)).remove();
  });
});

describe('check of a loop device', () => {
  it('finds a second one over the image and detaches it', async () => {
    await using test = await TestEngine.create({ mebibytes: 300 });
    const root = join(test.loop.directory, 'own');
    await initStore({ root, size: 256 * 1024 ** 2 });
    const device = execFileSync('losetup', ['-f', '--show', `${root}.img`], { encoding: 'utf8' }).trim();
    const engine = await Engine.open({ root });
    try {
      const found = await findings(engine);
      assert.deepEqual(found.map(({ kind, what }) => [kind, what]), [['loop device', device]]);
      // As udev does, which hears of the change and looks into it.
      const open = openSync(device, 'r');
      let closed = false;
      const repairing = findings(engine, { repair: true }).then(([first]) => ({ repaired: first?.repaired, closed }));
      await until(async () => readFileSync(`/sys/block/${basename(device)}/loop/autoclear`, 'latin1'), (flag) => flag === '1\n');
      await new Promise(setImmediate);
      closed = true;
      closeSync(open);
      assert.deepEqual(await repairing, { repaired: 'detached', closed: true });
      assert.deepEqual(await findings(engine), []);
    } finally {
      await engine.close();
      await btrfs.unmount(root);
    }
    assert.deepEqual(readdirSync(root), []);
  });
});
