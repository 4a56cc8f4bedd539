// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { TestEngine } from '../helpers/engine';

describe('the processes of a container', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const started = async (command: string[], more = {}) => {
    const container = await test.engine.containers.create({ image: 'busybox', command, network: 'none', ...more });
    await container.start();
    return container;
  };
  const column = (row: string[] | undefined, title: string) => row?.[['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'].indexOf(title)];

  it('are listed as ps -ef on the host lists them', async () => {
    const container = await started(['sleep', '1000']);
    const { State } = await container.inspect();
    const { titles, processes } = await container.top();
    assert.deepEqual(titles, ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    assert.equal(processes.length, 1);
    const [init] = processes;
    assert.equal(column(init, 'PID'), String(State.Pid));
    assert.equal(column(init, 'UID'), 'root');
    assert.equal(column(init, 'CMD'), 'sleep 1000');
    assert.match(column(init, 'STIME') ?? '', /^\d\d:\d\d$/);
    assert.match(column(init, 'TIME') ?? '', /^\d\d:\d\d:\d\d$/);
    assert.equal(column(init, 'TTY'), '?');
  });

  it('include what was executed later, with its terminal, parent and user', async () => {
    const container = await started(['sleep', '1000']);
    await container.exec(['sleep', '2000'], { detach: true, tty: true, user: '65534' });
    const { processes } = await container.top();
    const sleeper = processes.find((row) => column(row, 'CMD') === 'sleep 2000');
    assert.match(column(sleeper, 'TTY') ?? '', /^pts\/\d+$/);
    assert.equal(column(sleeper, 'UID'), 'nobody');
    assert.equal(processes.length, 2);
  });

  it('may have any name', async () => {
    const name = '/tmp/a) (b\nc';
    const container = await started(['sh', '-c', 'cp /bin/busybox "$0/sleep" 2>/dev/null || { mkdir -p "$0"; cp /bin/busybox "$0/sleep"; }; exec "$0/sleep" 1000', name]);
    let commands: (string | undefined)[] = [];
    while (!commands.includes(`${name}/sleep 1000`)) commands = (await container.top()).processes.map((row) => column(row, 'CMD'));
    assert.equal(commands.length, 1);
  });

  it('are shown while it is paused, not when it has ended or never ran', async () => {
    const container = await started(['sleep', '1000']);
    await container.pause();
    assert.equal((await container.top()).processes.length, 1);
    await container.unpause();
    await container.kill();
    await container.wait();
    await assert.rejects(container.top(), { code: 'E_NOT_RUNNING', message: `Container ${container.id} is not running` });
    const fresh = await test.engine.containers.create({ image: 'busybox', network: 'none' });
    await assert.rejects(fresh.top(), { code: 'E_NOT_RUNNING' });
  });

  it('in the columns that were asked for', async () => {
    const container = await started(['sleep', '1000'], { user: '65534' });
    const { State } = await container.inspect();
    const { titles, processes } = await container.top(['-eo', 'user,pid,nlwp,comm,args']);
    assert.deepEqual([titles, processes], [['USER', 'PID', 'NLWP', 'COMMAND', 'COMMAND'], [['nobody', String(State.Pid), '1', 'sleep', 'sleep 1000']]]);
    const memory = await container.top(['aux']);
    assert.match(memory.processes[0]?.join(' ') ?? '', /^nobody \d+ \d+\.\d \d+\.\d \d+ \d+ \? [RSD]s \d\d:\d\d 0:00 sleep 1000$/);
    await assert.rejects(container.top(['-o', 'nonsense']), { code: 'E_INVALID', message: 'ps: error: unknown user-defined format specifier "nonsense"' });
  });
});
