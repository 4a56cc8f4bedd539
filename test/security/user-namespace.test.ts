// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupDirectories } from '../../lib/binding/features';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import { RANGE_SIZE } from '../../lib/security/id-ranges';
import { StateDatabase } from '../../lib/store/database';
import { Layout } from '../../lib/store/layout';
import { readAll, TestEngine } from '../helpers/engine';

describe('the user namespace of a container', () => {
  let test: TestEngine;
  let directory: string;
  before(async () => {
    test = await TestEngine.create();
    directory = mkdtempSync(join(tmpdir(), 'dockerlite-userns-'));
  });
  after(async () => {
    await test.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const create = (command: string[], more: Partial<ContainerOptions> = {}): Promise<Container> =>
    test.engine.containers.create({ image: 'busybox', command, network: 'none', ...more });

  /** What a script prints in a container of its own, and what was warned of. */
  async function sh(script: string, more: Partial<ContainerOptions> = {}): Promise<{ out: string; warnings: string[] }> {
    const container = await create(['sh', '-c', script], more);
    const warnings: string[] = [];
    const attachment = await container.start({ attach: {}, onWarning: (text) => warnings.push(text) });
    const [out, err] = await Promise.all([readAll(attachment.stdout), readAll(attachment.stderr)]);
    const { exitCode } = await attachment.exited;
    assert.equal(err, '');
    assert.equal(exitCode, 0);
    await container.remove();
    return { out, warnings };
  }

  const firstId = (uidMap: string): number => {
    const [inside, outside, count] = uidMap.trim().split(/\s+/).map(Number);
    assert.deepEqual([inside, count], [0, RANGE_SIZE]);
    return outside as number;
  };

  it('maps 65,536 ids that no other container has', async () => {
    const containers = await test.engine.containers.createMany(
      Array.from({ length: 20 }, () => ({ image: 'busybox', command: ['cat', '/proc/self/uid_map', '/proc/self/gid_map'], network: 'none' as const })),
    );
    const seen = new Set<number>();
    for (const container of containers) {
      const attachment = await container.start({ attach: {} });
      const [users, groups] = (await readAll(attachment.stdout)).split('\n') as [string, string];
      assert.equal(users, groups);
      const first = firstId(users);
      assert.equal(first % RANGE_SIZE, 0);
      assert.ok(first >= 0x80000 && first + RANGE_SIZE <= 0x70000000, 'of the range set aside for containers');
      seen.add(first);
      await attachment.exited;
      await container.remove();
    }
    assert.equal(seen.size, containers.length);
  });

  it('gives a range back with the container, and finds gaps when numbers run out', async () => {
    const db = StateDatabase.open(new Layout(test.root, '').database);
    const rangeOf = (container: Container) => db.get<{ id_range: number }>('SELECT id_range FROM containers WHERE id = ?', container.id)?.id_range;
    const first = await create(['true']);
    const number = rangeOf(first) as number;
    await first.remove();
    const second = await create(['true']);
    assert.equal(rangeOf(second), number);
    db.run('UPDATE containers SET id_range = 28664 WHERE id = ?', second.id);
    const [third, fourth] = [await create(['true']), await create(['true'])];
    assert.deepEqual([rangeOf(third), rangeOf(fourth)], [1, 2]);
    db.close();
    for (const container of [second, third, fourth]) await container.remove();
  });

  it('takes another range where a container of another store has it', async () => {
    const file = '/run/dockerlite.ids';
    const container = await create(['cat', '/proc/self/uid_map']);
    const range = async () => {
      const attachment = await container.start({ attach: {} });
      const text = await readAll(attachment.stdout);
      await attachment.exited;
      return firstId(text);
    };
    const usual = await range();
    const program = `import fcntl,struct,sys; f=open('${file}','r+'); fcntl.fcntl(f, 37, struct.pack('hhqqi', fcntl.F_WRLCK, 0, ${usual / RANGE_SIZE}, 1, 0)); print('locked', flush=True); sys.stdin.read()`;
    const other = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    const instead = await range();
    assert.ok(instead !== usual && instead % RANGE_SIZE === 0);
    other.stdin.end();
    await once(other, 'exit');
    assert.equal(await range(), usual);
    await container.remove();
  });

  it('leaves owners on disk as they are, inside and out', async () => {
    const container = await create(['sh', '-c', 'id -u; stat -c %u:%g /etc/passwd; touch /mine; chown 7:8 /mine']);
    const attachment = await container.start({ attach: {} });
    assert.match(await readAll(attachment.stdout), /^0\n0:0\n/);
    await attachment.exited;
    const { GraphDriver } = await container.inspect();
    const mine = lstatSync(join(GraphDriver.Data.Subvolume, 'mine'));
    assert.deepEqual([mine.uid, mine.gid], [7, 8]);
    await container.remove();
  });

  it("has nothing of the host's root in the host's eyes", async () => {
    const container = await create(['sleep', '1000']);
    await container.start();
    const { State } = await container.inspect();
    const status = readFileSync(`/proc/${State.Pid}/status`, 'latin1');
    const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
    assert.equal(uid, firstId(readFileSync(`/proc/${State.Pid}/uid_map`, 'latin1')));
    assert.ok(uid > 0);
    const process = await container.exec(['sh', '-c', 'cat /proc/self/uid_map; id -u; id -g; echo to-stdout > /dev/stdout']);
    assert.match(await readAll(process.stdout), /^\s+0\s+\d+\s+65536\n0\n0\nto-stdout\n$/);
    assert.equal(await process.exited, 0);
    await container.remove({ force: true });
  });

  it('has its control groups given to its root only if it may mount them', async () => {
    for (const capAdd of [[], ['CAP_SYS_ADMIN']]) {
      const container = await create(['sleep', '1000'], { isolation: { capAdd } });
      await container.start();
      const { State } = await container.inspect();
      const root = firstId(readFileSync(`/proc/${State.Pid}/gid_map`, 'latin1'));
      for (const directory of cgroupDirectories(`lxc.payload.${container.id}`).filter(existsSync)) {
        const { uid, gid, mode } = statSync(`${directory}/cgroup.procs`);
        assert.deepEqual([uid, gid, mode & 0o777], capAdd.length > 0 ? [0, root, 0o664] : [0, 0, 0o644], directory);
      }
      await container.remove({ force: true });
    }
  });

  it('can open its own standard streams and its terminal, as any of its users', async () => {
    assert.equal((await sh('echo a > /dev/stdout')).out, 'a\n');
    assert.equal((await sh('echo a > /dev/stdout', { user: '1234:1234' })).out, 'a\n');
    const container = await create(['sh', '-c', 'stat -c %u $(tty); echo b > $(tty)'], { tty: true, user: '1234' });
    const attachment = await container.start({ attach: {} });
    assert.equal(await readAll(attachment.stdout), '1234\r\nb\r\n');
    await attachment.exited;
  });

  it('writes to /etc/hosts and the others as root', async () => {
    assert.equal((await sh('stat -c %u:%g /etc/hosts; echo "127.0.0.2 x" >> /etc/hosts && tail -n1 /etc/hosts')).out, '0:0\n127.0.0.2 x\n');
  });

  it('has a tmpfs, /dev/shm and /dev of its own', async () => {
    const { out } = await sh('stat -c %u /dev/shm /scratch /dev/pts /dev; echo x > /scratch/a; echo x > /dev/shm/a', { tmpfs: ['/scratch'] });
    assert.equal(out, '0\n0\n0\n0\n');
  });

  it('maps ids on a bind mount, even below a directory closed to others', async () => {
    const closed = join(directory, 'closed');
    mkdirSync(join(closed, 'data'), { recursive: true });
    chmodSync(closed, 0o700);
    const file = join(closed, 'data/file');
    writeFileSync(file, 'x');
    chownSync(file, 1000, 1001);
    const { out, warnings } = await sh('stat -c %u:%g /data/file; echo y > /data/root; echo z > /data/other; chown 1000 /data/other', { mounts: [`${closed}/data:/data`] });
    assert.equal(out, '1000:1001\n');
    assert.deepEqual(warnings, []);
    assert.equal(statSync(join(closed, 'data/root')).uid, 0);
    assert.equal(statSync(join(closed, 'data/other')).uid, 1000);
  });

  it('binds files, read-only mounts, odd names and a tmpfs below a bind mount', async () => {
    const source = join(directory, 'a b\\c\td');
    mkdirSync(source);
    writeFileSync(join(source, 'file'), 'content\n');
    const { out } = await sh('cat /f; cat "/in/file"; (echo n > /in/file) 2>/dev/null && echo written; (echo n > /f) 2>/dev/null && echo written; echo x > /in/sub/x; grep -c " /in/sub tmpfs" /proc/mounts', {
      mounts: [`${join(source, 'file')}:/f:ro`, `${source}:/in`, { type: 'tmpfs', target: '/in/sub', options: '' }],
    });
    assert.equal(out, 'content\ncontent\nwritten\n1\n');
    assert.equal(readFileSync(join(source, 'file'), 'utf8'), 'n\n');
  });

  it('says where ids cannot be mapped', async () => {
    const { out, warnings } = await sh('stat -c %u /hostproc/version', { mounts: ['/proc:/hostproc'] });
    assert.equal(out, '65534\n');
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] as string, /^ids are not mapped on .*\/proc/);
  });

  it('is not there with userns host, --privileged or the network of the host, which inspect says', async () => {
    for (const more of [{ isolation: { userns: 'host' as const } }, { privileged: true }, { network: 'host' as const }]) {
      assert.equal((await sh('cat /proc/self/uid_map', more)).out.trim().replace(/\s+/g, ' '), '0 0 4294967295');
      const container = await create(['true'], more);
      assert.equal((await container.inspect()).HostConfig.UsernsMode, 'host');
      await container.remove();
    }
    const container = await create(['true']);
    assert.equal((await container.inspect()).HostConfig.UsernsMode, 'private');
  });

  it('refuses what cannot go together', async () => {
    const refused = (more: Partial<ContainerOptions>, message: RegExp) => assert.rejects(create(['true'], more), { code: 'E_INVALID', message });
    await refused({ privileged: true, isolation: { userns: 'private' } }, /^privileged mode is incompatible with user namespaces/);
    await refused({ network: 'host', isolation: { userns: 'private' } }, /^cannot share the host's network namespace when user namespaces are enabled/);
    await refused({ isolation: { userns: 'other' as 'host' } }, /^invalid USER mode: other/);
  });
});
