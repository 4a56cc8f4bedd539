// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { hasUnifiedCgroups } from '../../lib/binding/features';
import type { Container } from '../../lib/containers/container';
import { pastEvents } from '../../lib/events/past';
import { CgroupValues } from '../helpers/cgroup-values';
import { storeOf, TestEngine } from '../helpers/engine';
import { containerRow, fileInContainer, until } from '../helpers/supervision';
import { chosenCalls, NONE, runVictim, TIMEOUT } from './victim';

const MIB = 1024 ** 2;
/** Ends with the code in /go. */
const SCRIPT = 'while ! test -s /go; do usleep 5000; done; read code </go; rm /go; exit $code';

describe('an update of a running container whose client is killed at any call', function () {
  this.timeout(TIMEOUT);
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
  });
  after(() => test.remove());

  /** How often it was told since the last time. */
  function told(): number {
    const { journal } = storeOf(test.engine).layout;
    const count = pastEvents(storeOf(test.engine)).filter(({ Action }) => Action === 'update').length;
    for (const path of [journal, `${journal}.1`]) rmSync(path, { force: true });
    return count;
  }

  async function limits(container: Container): Promise<{ row: unknown[]; group: unknown[]; started: string }> {
    await test.engine.containers.list(); // the next command
    const { HostConfig, State } = await container.inspect();
    const values = new CgroupValues(container.id);
    return { row: [HostConfig.Memory, String(HostConfig.PidsLimit)], group: [values.memory(), values.pids()], started: State.StartedAt };
  }

  async function endRun(container: Container, code: number, wanted: 'running' | 'exited', started = ''): Promise<void> {
    writeFileSync(fileInContainer(test, container, 'go'), `${code}\n`);
    await until(() => container.inspect(), ({ State }) => State.Status === wanted && State.StartedAt !== started);
  }

  /** Both limits and the policy, or nothing. */
  async function updatedAt(n: number): Promise<number> {
    const resources = { memory: 128 * MIB, memorySwap: 256 * MIB, pidsLimit: 50 };
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', SCRIPT], network: 'none', restart: 'always', resources });
    told();
    const changes = { resources: { memory: 64 * MIB, memorySwap: 128 * MIB, pidsLimit: 40 }, restart: 'on-failure' };
    const calls = await runVictim(test, container, n, `await container.update(${JSON.stringify(changes)});`);
    const at = `killed at call ${n}`;
    const { row, group, started } = await limits(container);
    assert.deepEqual(group, row, at);
    const updated = row[1] === '40';
    assert.deepEqual([row, told()], updated ? [[64 * MIB, '40'], 1] : [[128 * MIB, '50'], 0], at);
    if (calls > 0) assert.ok(updated);
    // The next run, which is its supervisor's own.
    await endRun(container, 1, 'running', started);
    assert.deepEqual((await limits(container)).group, row, at);
    if (updated) await endRun(container, 0, 'exited');
    assert.ok(!containerRow(test, container).spec.includes('unfinished'), at);
    await container.remove({ force: true });
    return calls;
  }

  it('has happened wholly, or not at all', async () => {
    for (const n of chosenCalls(await updatedAt(NONE))) await updatedAt(n);
  });

  /** An update that is refused, wherever its client is killed: what there was before is there again. */
  async function isTakenBack(container: Container, resources: object): Promise<void> {
    const before = await limits(container);
    const refusedAt = async (n: number) => {
      told();
      const calls = await runVictim(test, container, n, `await container.update(${JSON.stringify({ resources })}).catch((error) => error.code === 'E_CONFLICT' || main.exit(1));`);
      const at = `killed at call ${n}`;
      assert.deepEqual(await limits(container), before, at);
      assert.equal(told(), 0, at);
      assert.ok(!containerRow(test, container).spec.includes('unfinished'), at);
      return calls;
    };
    for (const n of chosenCalls(await refusedAt(NONE))) await refusedAt(n);
    await container.remove({ force: true });
  }

  it('is taken back when more memory is used by then', async () => {
    // Shell variables are memory that cannot be given back.
    const command = ['sh', '-c', 'x=$(head -c 20000000 /dev/zero | tr "\\0" x); touch /up; while :; do usleep 5000; done'];
    const container = await test.engine.containers.run({ image: 'busybox', command, network: 'none' });
    await until(async () => existsSync(fileInContainer(test, container, 'up')), Boolean);
    await isTakenBack(container, { pidsLimit: 60, memory: 8 * MIB, memorySwap: 8 * MIB });
  });

  it('is taken back as a whole when only its last part is refused', async function () {
    // Control groups v1 leave nobody fewer processors than a group below has.
    if (hasUnifiedCgroups() || availableParallelism() < 2) {
      console.log('      skipped: needs control groups v1 and two processors');
      return this.skip();
    }
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
    const below = `/sys/fs/cgroup/cpuset/lxc.payload.${container.id}/below`;
    mkdirSync(below);
    for (const [file, value] of [['cpus', '0-1'], ['mems', '0']] as const) writeFileSync(`${below}/cpuset.${file}`, value);
    await isTakenBack(container, { memory: 64 * MIB, memorySwap: 128 * MIB, cpusetCpus: '0' });
  });
});
