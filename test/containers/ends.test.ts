// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { SupervisorConnection } from '../../lib/binding/supervisor';
import type { Container } from '../../lib/containers/container';
import { Cli } from '../helpers/cli';
import { storeOf, TestEngine } from '../helpers/engine';
import { freezerOf, isFrozen, processesIn, setFrozen } from '../helpers/freezer';
import { patience } from '../helpers/patience';
import { containerRow, fileInContainer, supervisorOf, until } from '../helpers/supervision';

const PROGRAM = join(__dirname, '../../cli/dockerlite.js');

describe('the end of a container', function () {
  this.timeout(60_000);
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
  });
  after(() => test.remove());

  async function started(): Promise<Container> {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
    await container.start();
    return container;
  }

  function command(...args: string[]): void {
    execFileSync(process.execPath, [PROGRAM, '--root', test.root, ...args], { timeout: patience(30_000) });
  }

  /** Another process starts the container again, once, the moment it has ended: before anything more can be asked of its supervisor. */
  async function startedAgain(container: Container, work: () => Promise<unknown>): Promise<void> {
    const { connect } = SupervisorConnection;
    const { ended } = SupervisorConnection.prototype;
    let connections = 0;
    let again = false;
    const startAgain = () => {
      if (again) return;
      again = true;
      command('wait', container.id);
      command('start', container.id);
    };
    SupervisorConnection.connect = (path) => {
      if (++connections > 1) startAgain();
      return connect(path);
    };
    SupervisorConnection.prototype.ended = async function (signal) {
      const record = await ended.call(this, signal);
      startAgain();
      return record;
    };
    try {
      await work();
    } finally {
      SupervisorConnection.connect = connect;
      SupervisorConnection.prototype.ended = ended;
    }
    assert.ok(again);
  }

  it('is not the end of the run that another process starts then: a forced removal ends that too', async () => {
    const container = await started();
    await startedAgain(container, () => container.remove({ force: true }));
    await assert.rejects(container.inspect(), { code: 'E_NO_SUCH_CONTAINER' });
  });

  it('is what kill and stop wait for, not that of the next run', async () => {
    for (const end of [(container: Container) => container.kill(), (container: Container) => container.stop({ signal: 'SIGKILL' })]) {
      const container = await started();
      await startedAgain(container, () => end(container));
      assert.equal((await container.inspect()).State.Status, 'running');
      await container.remove({ force: true });
    }
  });

  it('is seen by who is connected when the supervisor dies in the middle of an exec that is frozen', async () => {
    const container = await started();
    const { pid } = containerRow(test, container);
    const freezer = freezerOf(pid);
    const witness = SupervisorConnection.connect(storeOf(test.engine).layout.controlSocket(container.id));
    await witness.status();
    setFrozen(freezer, true);
    await until(async () => isFrozen(freezer), Boolean);
    const exec = container.exec(['true'], { attach: { stdout: false, stderr: false } }).catch(() => undefined);
    await until(async () => processesIn(freezer).length, (count) => count > 1);
    process.kill(supervisorOf(test, container), 'SIGKILL');
    await witness.closed;
    assert.notEqual((await container.wait()).exitCode, 0);
    await exec;
    await container.remove();
  });

  it('is noted by another process when the first that tries fails', async () => {
    const container = await started();
    const { owner } = containerRow(test, container);
    const { readdirSync } = fs;
    process.kill(supervisorOf(test, container), 'SIGKILL');
    fs.readdirSync = ((path: string, ...rest: never[]) => {
      if (path === '/sys/class/net') throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', errno: -5, syscall: 'scandir' });
      return readdirSync(path, ...rest);
    }) as typeof readdirSync;
    try {
      await assert.rejects(container.wait());
    } finally {
      fs.readdirSync = readdirSync;
    }
    assert.equal(containerRow(test, container).owner, owner);
    assert.match(await new Cli(test.root).ok('ps', '-a'), /Exited \(255\)/);
    await container.remove();
  });

  it('comes for one that is paused, by its own stop signal too', async () => {
    for (const end of [(container: Container) => container.stop({ timeout: -1 }), (container: Container) => container.remove({ force: true })]) {
      const container = await test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', 'trap "exit 3" TERM; touch /up; while :; do usleep 5000; done'], network: 'none' });
      await until(async () => fs.existsSync(fileInContainer(test, container, 'up')), Boolean);
      await container.pause();
      await end(container);
    }
  });
});
