// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { probeSockets, SupervisorConnection } from '../../lib/binding/supervisor';
import { cgroupDirectories } from '../../lib/binding/features';
import { openEnds, payloadOf, readUntil, Supervised, textOf } from './supervised';

/** The names of the control groups liblxc put a process in; not of hierarchies it does not use. */
function groupsOf(pid: number): string[] {
  const paths = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n').map((line) => line.split(':').slice(2).join(':').split('/').at(-1) ?? '');
  return [...new Set(paths)].filter((name) => name.startsWith('lxc.'));
}

describe('supervisor', function () {
  this.timeout(60_000);
  let host: Supervised;
  before(() => void (host = new Supervised()));
  after(() => host.remove());

  async function run(argv: string[], options: Parameters<Supervised['start']>[1] = {}) {
    const { connection, name, ends } = host.start(argv, options);
    const [stdout, stderr] = [textOf(ends.stdout), textOf(ends.stderr)];
    await connection.started();
    const { status } = await connection.ended();
    return { status, stdout: await stdout, stderr: await stderr, name, connection };
  }

  async function exec(connection: SupervisorConnection, id: string, argv: string[], options: { tty?: boolean; openStdin?: boolean; user?: string } = {}) {
    const ends = openEnds();
    const payload = payloadOf(argv, { flags: options.tty ? 1 : 0, user: options.user });
    const started = connection.exec({ id, payload, mask: 7, fds: ends.fds, ...options });
    ends.sent();
    return { ...(await started), ends };
  }

  /** What so many rounds give, four at a time. */
  async function inTurns<T>(rounds: number, round: () => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    const lane = async (n: number) => {
      for (let i = 0; i < n; i++) results.push(await round());
    };
    await Promise.all(Array.from({ length: 4 }, () => lane(rounds / 4)));
    return results;
  }

  it('gives exit code, stdout and stderr apart, and leaves nothing', async () => {
    const { status, stdout, stderr, name, connection } = await run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
    assert.deepEqual([status, stdout, stderr], [7 << 8, 'out\n', 'err\n']);
    assert.equal(host.exitRecord(name).status, 7 << 8);
    await connection.closed;
    assert.ok(!existsSync(host.path(`run/${name}`)));
  });

  it('reports the signal that ended it', async () => {
    const { connection } = host.start(['sh', '-c', 'kill -9 $$; sleep 100'], { flags: 2 });
    await connection.started();
    assert.equal((await connection.ended()).status, 137 << 8); // --init ends as the payload did
    const direct = host.start(['sleep', '100']);
    await direct.connection.started();
    await direct.connection.signal(9);
    assert.equal((await direct.connection.ended()).status, 9);
  });

  it('shares the control group of supervisors, and finds a name for its container\'s where an earlier one is left', async () => {
    const first = host.start(['sleep', '100']);
    const { supervisorPid } = await first.connection.started();
    assert.deepEqual(groupsOf(supervisorPid), ['lxc.monitors']);
    await first.connection.signal(9);
    await first.connection.closed;
    const left = cgroupDirectories(`lxc.payload.${first.name}`);
    const runDir = host.path(`run/${first.name}`);
    for (const path of [...left, runDir]) mkdirSync(path);
    try {
      const again = host.start(['sleep', '100'], { id: first.name, runDir });
      const { pid } = await again.connection.started();
      assert.deepEqual(groupsOf(pid), [`lxc.payload.${first.name}-1`]);
      await again.connection.signal(9);
      await again.connection.closed;
    } finally {
      for (const path of left) rmdirSync(path);
    }
  });

  it('passes on output that reads like its own pid', async () => {
    const { connection, ends } = host.start(['cat'], { openStdin: true, stdinOnce: true });
    const { supervisorPid } = await connection.started();
    const stdout = textOf(ends.stdout);
    ends.stdin.end(String(supervisorPid));
    assert.equal(await stdout, String(supervisorPid));
    assert.equal((await connection.ended()).status, 0);
  });

  it('takes a setting that reads like its own pid', async () => {
    const lastPid = () => Number(readFileSync('/proc/loadavg', 'utf8').trim().split(' ').at(-1));
    for (let ahead = 1, matched = false; !matched; ) {
      const [last, name] = [lastPid(), '/proc/sys/net/core/somaxconn'];
      const { connection, ends } = host.start(['cat', name], { config: [`lxc.sysctl.net.core.somaxconn=${last + ahead}`] });
      const stdout = textOf(ends.stdout);
      const { supervisorPid } = await connection.started();
      assert.equal(await stdout, `${last + ahead}\n`);
      await connection.ended();
      matched = supervisorPid === last + ahead;
      ahead = Math.max(supervisorPid - last, 1);
    }
  });

  it('half-closes stdin', async () => {
    const { connection, ends } = host.start(['sh', '-c', 'wc -c; echo done'], { openStdin: true, stdinOnce: true });
    await connection.started();
    const stdout = textOf(ends.stdout);
    ends.stdin.end('hello');
    assert.equal(await stdout, '5\ndone\n');
    assert.equal((await connection.ended()).status, 0);
  });

  it('has /dev/null as stdin unless it is opened', async () => {
    assert.equal((await run(['cat'])).stdout, '');
  });

  it('passes 100 MiB through unharmed', async () => {
    const { connection, ends } = host.start(['cat'], { openStdin: true, stdinOnce: true, logPath: undefined });
    await connection.started();
    const chunk = Buffer.alloc(1 << 20, 'the quick brown fox\n');
    const sent = createHash('sha256'), received = createHash('sha256');
    let bytes = 0;
    const reading = (async () => {
      for await (const part of ends.stdout) {
        received.update(part as Buffer);
        bytes += (part as Buffer).length;
      }
    })();
    for (let i = 0; i < 100; i++) {
      chunk.writeUInt32LE(i);
      sent.update(chunk);
      if (!ends.stdin.write(Buffer.from(chunk))) await new Promise((resolve) => ends.stdin.once('drain', resolve));
    }
    ends.stdin.end();
    await reading;
    assert.equal(bytes, 100 << 20);
    assert.equal(received.digest('hex'), sent.digest('hex'));
    await connection.ended();
  });

  it('holds the process up while a client does not read, and loses nothing', async () => {
    const { connection, ends } = host.start(['sh', '-c', 'head -c 4000000 /dev/zero; echo end >&2']);
    await connection.started();
    assert.equal((await textOf(ends.stdout)).length, 4_000_000);
    assert.equal(await textOf(ends.stderr), 'end\n');
    await connection.ended();
  });

  it('gives a terminal with its size, and resizes it', async () => {
    const { connection, ends } = host.start(['sh'], { tty: true, openStdin: true, flags: 1, rows: 30, columns: 90 });
    await connection.started();
    ends.stdin.write('stty size; tty\n');
    assert.match(await readUntil(ends.stdout, /pts\/\d/), /30 90[^]*\/dev\/pts\/\d/);
    await connection.resize(50, 120);
    ends.stdin.write('stty size; exit 3\n');
    await readUntil(ends.stdout, /50 120/);
    assert.equal((await connection.ended()).status, 3 << 8);
  });

  it('says 127 for what is missing and 126 for what cannot be executed', async () => {
    for (const [argv, code, message] of [
      [['nothing-of-that-name'], 'E_COMMAND_NOT_FOUND', /executable file not found in \$PATH/],
      [['/bin/nothing'], 'E_COMMAND_NOT_FOUND', /stat \/bin\/nothing: no such file or directory/],
      [['/etc/passwd'], 'E_COMMAND_NOT_EXECUTABLE', /permission denied/],
      [['/etc'], 'E_COMMAND_NOT_EXECUTABLE', /is a directory/],
    ] as const) {
      const { connection, name } = host.start([...argv]);
      await assert.rejects(connection.started(), { code, message });
      await connection.closed;
      assert.equal(host.exitRecord(name).status >> 8, code === 'E_COMMAND_NOT_FOUND' ? 127 : 126);
      assert.ok(!existsSync(host.path(`run/${name}`)));
    }
  });

  it('resolves users and groups inside the container, and makes the working directory', async () => {
    assert.match((await run(['id'], { user: 'daemon' })).stdout, /^uid=1\(daemon\) gid=1\(daemon\) groups=1\(daemon\),50\(staff\)/);
    assert.match((await run(['id'], { user: '1234:staff' })).stdout, /^uid=1234 gid=50\(staff\)/);
    assert.equal((await run(['sh', '-c', 'pwd; echo $HOME'], { cwd: '/made/for/it', user: 'daemon' })).stdout, '/made/for/it\n/usr/sbin\n');
    await assert.rejects(host.start(['id'], { user: 'who' }).connection.started(), /unable to find user who: no matching entries in passwd file/);
  });

  it('returns what liblxc says when it cannot start', async () => {
    const { connection, name } = host.start(['true'], { config: ['lxc.mount.entry=/nonexistent mnt none bind 0 0'] });
    await assert.rejects(connection.started(), { code: 'E_START_FAILED', message: /nonexistent/ });
    await connection.closed;
    assert.ok(!existsSync(host.path(`run/${name}`)));
  });

  it('names the setting that liblxc refuses', async () => {
    await assert.rejects(host.start(['true'], { config: ['lxc.no.such=1'] }).connection.started(), { code: 'E_START_FAILED', message: /lxc\.no\.such=1/ });
  });

  it('runs on without its client; another attaches', async () => {
    const { connection, name } = host.start(['cat'], { openStdin: true });
    const { pid } = await connection.started();
    connection.close();
    await connection.closed;
    const again = host.connect(name);
    const state = await again.status();
    assert.equal(state.pid, pid);
    const ends = openEnds();
    await again.attach({ mask: 7, fds: ends.fds });
    ends.sent();
    ends.stdin.write('hello\n');
    assert.equal(await readUntil(ends.stdout, /\n/), 'hello\n');
    await again.signal(9);
    assert.equal((await again.ended()).status, 9);
    await again.closed;
    assert.throws(() => SupervisorConnection.connect(host.control(name)));
  });

  it('freezes and thaws', async () => {
    const { connection } = host.start(['sleep', '100']);
    await connection.started();
    await connection.freeze();
    assert.equal((await connection.status()).frozen, true);
    await connection.thaw();
    assert.equal((await connection.status()).frozen, false);
    await connection.signal(9);
    await connection.ended();
  });

  it('ends a frozen container by SIGKILL alone, and freezes none that is to end', async () => {
    const { connection } = host.start(['sleep', '100']);
    await connection.started();
    await connection.freeze();
    const done = [connection.signal(9), connection.freeze()];
    assert.deepEqual((await Promise.allSettled(done)).map(({ status }) => status), ['fulfilled', 'rejected']);
    assert.equal((await connection.ended()).status, 9);
  });

  it('executes nothing in a frozen container', async () => {
    const { connection } = host.start(['sleep', '100']);
    await connection.started();
    await connection.freeze();
    const refused = connection.exec({ id: 'frozen', payload: payloadOf(['true']), tty: false, openStdin: false });
    await assert.rejects(refused, { code: 'E_CONFLICT', message: /is paused, unpause the container before exec/ });
    await connection.signal(9);
    await connection.ended();
  });

  it('executes in the container, many at once', async () => {
    const { connection } = host.start(['sleep', '100'], { config: ['lxc.cap.keep=chown kill setuid setgid setpcap'] });
    await connection.started();
    const all = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const process = await exec(connection, `e${i}`, ['sh', '-c', `cat; echo ${i}; hostname >/dev/null; exit ${i}`], { openStdin: true });
        process.ends.stdin.end(`in${i} `);
        return [await textOf(process.ends.stdout), (await process.exited).status];
      }),
    );
    assert.deepEqual(all, Array.from({ length: 30 }, (_, i) => [`in${i} ${i}\n`, i << 8]));

    const inside = await exec(connection, 'ns', ['sh', '-c', 'cat /proc/1/cmdline | tr "\\0" " "; grep -h Cap /proc/self/status /proc/1/status | sort -u']);
    const text = await textOf(inside.ends.stdout);
    assert.match(text, /^sleep 100/);
    assert.equal(text.match(/CapBnd/g)?.length, 1, text); // the same as init's
    const groups = await exec(connection, 'cg', ['sh', '-c', 'diff /proc/self/cgroup /proc/1/cgroup && echo same']);
    assert.equal(await textOf(groups.ends.stdout), 'same\n');
    await assert.rejects(exec(connection, 'no', ['nothing-of-that-name']), { code: 'E_COMMAND_NOT_FOUND' });
    const terminal = await exec(connection, 'tty', ['sh', '-c', 'tty; stty size'], { tty: true });
    assert.match(await textOf(terminal.ends.stdout), /^\/dev\/pts\/\d+/);
    const killed = await exec(connection, 'kill', ['sleep', '50']);
    await connection.signal(15, 'kill');
    assert.equal((await killed.exited).status, 15);
    const last = await exec(connection, 'last', ['sleep', '50']);
    await connection.signal(9);
    assert.equal((await last.exited).status, 9);
    await connection.ended();
  });

  it('reports the death of init whoever hears of it first, liblxc or the supervisor', async () => {
    // The end of an exec wakes liblxc, which may then see that init has died in the very moment after the supervisor looked.
    const ends = await inTurns(152, async () => {
      const { connection } = host.start(['sleep', '100']);
      await connection.started();
      await Promise.all(['a', 'b', 'c'].map((id) => exec(connection, id, ['sleep', '50'])));
      await connection.signal(9);
      return (await connection.ended()).status;
    });
    assert.deepEqual([...new Set(ends)], [9]);
  });

  it("ends an exec's streams when it ends, whatever it leaves behind", async () => {
    const { connection } = host.start(['sleep', '100']);
    await connection.started();
    const left = await exec(connection, 'left', ['sh', '-c', 'sleep 50 & echo started']);
    assert.equal(await textOf(left.ends.stdout), 'started\n');
    assert.equal((await left.exited).status, 0);
    await connection.signal(9);
    await connection.ended();
  });

  it("writes Docker's log format", async () => {
    const { name } = await run(['sh', '-c', 'echo "<a>&\\"b\\""; printf "\\377\\t"; head -c 20000 /dev/zero | tr "\\0" x; echo; echo no-newline-err >&2; printf end']);
    const lines = readFileSync(host.path(`${name}.log`), 'utf8').trimEnd().split('\n');
    assert.ok(lines[0]?.startsWith('{"log":"\\u003ca\\u003e\\u0026\\"b\\"\\n","stream":"stdout","time":"'), lines[0]);
    const entries = lines.map((line) => JSON.parse(line) as { log: string; stream: string; time: string });
    assert.equal(entries.filter(({ stream }) => stream === 'stdout').map(({ log }) => log).join(''), `<a>&"b"\n\ufffd\t${'x'.repeat(20000)}\nend`);
    assert.equal(entries.find(({ stream }) => stream === 'stderr')?.log, 'no-newline-err\n');
    assert.equal(entries.find(({ log }) => log.startsWith('\ufffd'))?.log.length, 16384);
    for (const { time } of entries) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$/);
  });

  it('rotates the log', async () => {
    const { name } = await run(['seq', '1', '1000'], { logMaxSize: 10_000, logMaxFiles: 3 });
    const read = (suffix: string) => readFileSync(host.path(`${name}.log${suffix}`), 'utf8');
    assert.ok(read('').length <= 10_000 && read('.1').length <= 10_000 && read('.2').length > 5_000);
    assert.ok(!existsSync(host.path(`${name}.log.3`)));
    assert.equal((JSON.parse(read('').trimEnd().split('\n').at(-1) as string) as { log: string }).log, '1000\n');
  });

  it('is gone with its client when asked to be the supervisor itself', async () => {
    const alone = new Supervised();
    const { connection, ends } = alone.start(['echo', 'one'], { become: true });
    alone.spawner.release();
    assert.equal(await textOf(ends.stdout), 'one\n');
    assert.equal((await connection.ended()).status, 0);
    await alone.remove();
  });

  it('probes sockets', async () => {
    const { connection, name } = host.start(['sleep', '100']);
    await connection.started();
    assert.deepEqual(probeSockets([host.control(name), host.control('nobody')]), [true, false]);
    await connection.signal(9);
    await connection.ended();
  });

  it('survives a worker that ends with an open connection', async () => {
    const { connection, name } = host.start(['sleep', '100']);
    await connection.started();
    const code = `const { SupervisorConnection } = require(${JSON.stringify(require.resolve('../../lib/binding/supervisor'))});
      const c = SupervisorConnection.connect(${JSON.stringify(host.control(name))});
      c.status().then(() => process.exit(0));`;
    const worker = new Worker(code, { eval: true });
    assert.equal(await new Promise((resolve) => worker.once('exit', resolve)), 0);
    assert.equal((await connection.status()).frozen, false);
    await connection.signal(9);
    await connection.ended();
    connection.close();
    connection.close();
  });
});
