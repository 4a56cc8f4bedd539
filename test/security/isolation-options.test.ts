// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerOptions } from '../../lib/containers/spec';
import { hasAppArmor } from '../../lib/security/apparmor';
import { capabilityMask, capabilityName } from '../../lib/security/capabilities';
import { parseDevice } from '../../lib/security/devices';
import { checkIsolation, type Isolation } from '../../lib/security/isolation';
import { parseSecurityOptions } from '../../lib/security/security-options';
import { sysctlOrder } from '../../lib/security/sysctls';
import { parseUlimit } from '../../lib/security/ulimits';
import { mountsOf } from '../../lib/security/system-paths';
import { Cli } from '../helpers/cli';
import { readAll, TestEngine } from '../helpers/engine';
import { LoopDevice } from '../helpers/loop-device';

const SETTING = { privileged: false, network: 'none' };

describe('how a container is kept apart', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  async function sh(script: string, isolation: Partial<Isolation> = {}, more: Partial<ContainerOptions> = {}): Promise<string> {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', script], network: 'none', isolation, ...more });
    const attachment = await container.start({ attach: {} });
    const [out, err] = await Promise.all([readAll(attachment.stdout), readAll(attachment.stderr)]);
    await attachment.exited;
    await container.remove();
    return (out + err).trim();
  }

  const capabilities = 'grep -E "^Cap(Bnd|Eff|Prm)" /proc/self/status | cut -f2 | uniq';

  it('has the capabilities Docker gives, and those asked for', async () => {
    assert.equal(await sh(capabilities), '00000000a80425fb');
    assert.equal(await sh(capabilities, { capDrop: ['ALL'] }), '0000000000000000');
    assert.equal(await sh(capabilities, { capDrop: ['all'], capAdd: ['CAP_CHOWN', 'setuid'] }), '0000000000000081');
    assert.equal(await sh(capabilities, { capAdd: ['NET_ADMIN'], capDrop: ['MKNOD'] }), '00000000a00435fb');
    const all = BigInt(`0x${await sh(capabilities, { capAdd: ['ALL'], capDrop: ['SYS_ADMIN'] })}`);
    assert.equal(all, capabilityMask({ capAdd: ['ALL'] }) & ~(1n << 21n));
    assert.match(await sh('grep CapEff /proc/self/status', {}, { user: '1000' }), /\t0000000000000000$/);
  });

  it('confines what is executed in it as itself', async () => {
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '1000'], network: 'none', isolation: { capDrop: ['ALL'], groupAdd: ['42'], ulimits: [{ name: 'nofile', soft: 99, hard: 99 }] } });
    const executed = await container.exec(['sh', '-c', `${capabilities}; id -G; ulimit -n`]);
    assert.equal(await readAll(executed.stdout), '0000000000000000\n0 42\n99\n');
    await executed.exited;
    await container.remove({ force: true });
  });

  it('hides and protects system paths, unless told not to', async () => {
    const probe = 'cat /proc/keys /proc/timer_list 2>/dev/null | wc -c; ls /sys/firmware /proc/acpi | grep -c .; echo 1 2>/dev/null > /proc/sys/net/ipv4/ip_forward || echo read-only';
    assert.equal(await sh(`${probe} 2>/dev/null`), '0\n2\nread-only');
    assert.notEqual((await sh(`${probe} 2>/dev/null`, { systemPathsUnconfined: true, capAdd: ['NET_ADMIN'] })).split('\n').at(-1), 'read-only');
    const mounts = await sh('grep -E " /(proc|sys|dev/shm) " /proc/mounts | cut -d" " -f2,4 | sort');
    for (const line of mounts.split('\n')) for (const option of ['nosuid', 'nodev', 'noexec']) assert.ok(line.includes(option), line);
    assert.match(mounts, /^\/sys ro,/m);
  });

  it('hides more paths than a line of liblxc\'s holds', () => {
    const words = Array.from({ length: 600 }, (_, cpu) => `empty=sys/devices/system/cpu/cpu${cpu}/thermal_throttle`);
    const mounts = mountsOf(words);
    assert.ok(mounts.every((mount) => mount.length < 4096));
    assert.deepEqual(mounts.flatMap((mount) => (mount.split(' ')[3] as string).split(',')), words);
  });

  it('has limits, groups and sysctls of its own', async () => {
    assert.equal(await sh('ulimit -n; ulimit -Hn', { ulimits: [{ name: 'nofile', soft: 100, hard: 200 }] }), '100\n200');
    assert.equal(await sh('id -G', { groupAdd: ['1234', 'nogroup'] }, { user: '1000' }), '0 1234 65534');
    const sysctls = { 'net.ipv4.ip_unprivileged_port_start': '80', 'kernel.msgmax': '4096' };
    assert.equal(await sh('cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax; grep -c " /proc/sys proc ro," /proc/mounts', { sysctls }), '80\n4096\n1');
    assert.equal(await sh('cat /proc/sys/kernel/msgmax', { sysctls: { 'kernel.msgmax': '5000' }, systemPathsUnconfined: true }), '5000');
    await assert.rejects(sh('true', { sysctls: { 'net.ipv4.no_such': '1' } }), { code: 'E_START_FAILED', message: /cannot set sysctl net\/ipv4\/no_such: No such file/ });
    await assert.rejects(sh('true', { sysctls: { 'kernel.msgmax': 'many' } }), { code: 'E_START_FAILED', message: /cannot set sysctl kernel\/msgmax: Invalid argument/ });
    await assert.rejects(sh('true', { groupAdd: ['no-such-group'] }), { code: 'E_START_FAILED', message: /unable to find group no-such-group/ });
  });

  it('says when the host cannot raise a limit, and goes on', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', 'ulimit -Hn'], network: 'none', isolation: { ulimits: [{ name: 'nofile', soft: 100, hard: 2 ** 40 }] } });
    const warnings: string[] = [];
    const attachment = await container.start({ attach: {}, onWarning: (text) => warnings.push(text) });
    assert.match(await readAll(attachment.stdout), /^\d+\n$/);
    assert.equal((await attachment.exited).exitCode, 0);
    // fs.nr_open, or the hard limit, is below that on every machine.
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] as string, /ulimit .* nofile$/);
  });

  it('has devices of the host with their owner, and only those', async () => {
    using loop = LoopDevice.create();
    const device = { host: loop.path, container: '/dev/disk', permissions: 'r' };
    assert.equal(await sh('stat -c %u:%F /dev/disk; head -c 3 /dev/disk | wc -c; (echo x > /dev/disk) 2>&1 | grep -o "Operation not permitted"', { devices: [device] }), '0:block special file\n3\nOperation not permitted');
    assert.equal(await sh('echo x > /dev/disk && echo written', { devices: [{ ...device, permissions: 'rwm' }] }), 'written');
    assert.match(await sh(`mknod /d b 7 0; head -c 1 /d`), /Operation not permitted/);
    const odd = { host: '/dev/null', container: '/dev/a b none bind,rw,x\t', permissions: 'r' };
    assert.equal(await sh('stat -c %t:%T "/dev/a b none bind,rw,x	"', { devices: [odd] }), '1:3');
    await assert.rejects(sh('true', { devices: [{ host: '/dev/none', container: '/dev/none', permissions: 'rwm' }] }), { code: 'E_NOT_FOUND', message: /error gathering device information while adding custom device "\/dev\/none": no such file/ });
    await assert.rejects(sh('true', { devices: [{ host: '/etc/passwd', container: '/dev/p', permissions: 'rwm' }] }), { code: 'E_INVALID', message: /not a device node/ });
  });

  it('has all of them when it is privileged', async () => {
    using loop = LoopDevice.create();
    const name = loop.path.slice('/dev/'.length);
    const own = 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero';
    assert.equal((await sh('ls -x -w 1000 /dev')).replace(/\s+/g, ' '), own);
    const all = (await sh('ls /dev', {}, { privileged: true })).split('\n');
    for (const wanted of [...own.split(' '), name, 'btrfs-control']) assert.ok(all.includes(wanted), wanted);
    const format = '%a %u %g %t:%T';
    assert.equal(await sh(`stat -c '${format}' /dev/${name} /dev/btrfs-control`, {}, { privileged: true }), execFileSync('stat', ['-c', format, loop.path, '/dev/btrfs-control'], { encoding: 'utf8' }).trim());
    assert.equal(await sh(`head -c 3 /dev/${name} | wc -c; ls /dev/net 2>/dev/null; tty`, {}, { privileged: true, tty: true }).then((text) => text.split('\n').at(0)?.trim()), '3');
  });

  it('has namespaces of its own, or the host\'s', async () => {
    const own = (name: string) => readlinkSync(`/proc/self/ns/${name}`);
    const names = ['pid', 'ipc', 'uts', 'cgroup', 'net', 'mnt', 'user'];
    const show = `for n in ${names.join(' ')}; do ls -l /proc/self/ns/$n | sed 's/.* -> //'; done`;
    const apart = (await sh(show)).split('\n');
    assert.deepEqual(names.filter((name, i) => apart[i] === own(name)), []);
    const shared = (await sh(show, { pidMode: 'host', ipcMode: 'host', utsMode: 'host', cgroupnsMode: 'host' })).split('\n');
    assert.deepEqual(names.filter((name, i) => shared[i] === own(name)), ['pid', 'ipc', 'uts', 'cgroup', 'user']);
    const some = (await sh(show, { utsMode: 'host', cgroupnsMode: 'host' })).split('\n');
    assert.deepEqual(names.filter((name, i) => some[i] === own(name)), ['uts', 'cgroup']);
  });

  it("joins another container's namespaces, with its ids", async () => {
    const other = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '1234'], network: 'none' });
    const joined: Partial<Isolation> = { pidMode: `container:${other.id}`, ipcMode: `container:${other.id.slice(0, 12)}` };
    const inspected = await other.inspect();
    const [uidMap, ipc, processes] = (await sh('cat /proc/1/uid_map; ls -l /proc/self/ns/ipc | sed "s/.* -> //"; ps | grep -c "sleep 123[4]"', joined)).split('\n');
    assert.equal(uidMap?.trim().split(/\s+/)[1], String(firstId(inspected.State.Pid)));
    assert.equal(ipc, readlinkSync(`/proc/${inspected.State.Pid}/ns/ipc`));
    assert.equal(processes, '1');
    assert.equal((await sh('cat /proc/1/uid_map; ps | grep -c "sleep 123[4]"', { ...joined, userns: 'host' })).split('\n').at(-1), '1');
    // By way of a third one, which has those ids without a range of its own for them.
    const third = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '2345'], network: 'none', isolation: { ipcMode: `container:${other.id}` } });
    assert.equal((await sh('cat /proc/self/uid_map', { pidMode: `container:${third.id}` })).trim().split(/\s+/)[1], String(firstId(inspected.State.Pid)));
    await (await other.exec(['sh', '-c', 'echo between > /dev/shm/x'])).exited;
    assert.equal(await sh('cat /dev/shm/x; grep -c " /dev/shm tmpfs .*nosuid,nodev,noexec" /proc/mounts', joined), 'between\n1');
    assert.equal(await sh('cat /dev/shm/x', { ...joined, userns: 'host' }), 'between');
    const readonly = await test.engine.containers.create({ image: 'busybox', command: ['touch', '/x'], network: 'none', readonlyRootfs: true, isolation: joined });
    assert.match(await readAll((await readonly.start({ attach: {} })).stderr), /Read-only file system/);
    await third.remove({ force: true });
    await other.remove({ force: true });
    await assert.rejects(sh('true', joined), { code: 'E_NO_SUCH_CONTAINER' });
    const stopped = await test.engine.containers.create({ image: 'busybox', command: ['true'], network: 'none' });
    await assert.rejects(sh('true', { pidMode: `container:${stopped.id}` }), { code: 'E_CONFLICT', message: `cannot join PID namespace of a non running container: ${stopped.id}` });
  });

  function firstId(pid: number): string | undefined {
    const { readFileSync } = require('node:fs') as typeof import('node:fs');
    return readFileSync(`/proc/${pid}/uid_map`, 'latin1').trim().split(/\s+/)[1];
  }

  it('says what the machine has not', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['true'], network: 'none', isolation: { apparmor: 'no-such-profile' } });
    if (hasAppArmor()) {
      await assert.rejects(container.start(), { code: 'E_START_FAILED' });
    } else {
      assert.deepEqual(container.warnings, ['AppArmor is not enabled on this machine. Profile no-such-profile discarded.']);
      await container.start();
    }
  });

  it('sizes /dev/shm and sets its place among those killed for want of memory', async () => {
    assert.match(await sh('df -k /dev/shm | tail -n 1', { shmSize: 2 ** 20 }), /^shm +1024 /);
    assert.match(await sh('df -k /dev/shm | tail -n 1'), /^shm +65536 /);
    const risky = await test.engine.containers.create({ image: 'busybox', command: ['true'], isolation: { oomKillDisable: true } });
    assert.match(risky.warnings.join(), /^OOM killer is disabled for the container, but no memory limit|^Your kernel does not support OomKillDisable/);
    assert.equal(await sh('cat /proc/self/oom_score_adj', { oomScoreAdj: 321 }), '321');
    assert.equal(await sh('ls /dev/shm 2>&1 | grep -c "No such"', { ipcMode: 'none' }), '1');
  });

  it('shows it all in inspect and takes it all from the command line', async () => {
    const cli = new Cli(test.root);
    const directory = mkdtempSync(join(tmpdir(), 'dockerlite-isolation-'));
    const profile = join(directory, 'profile.json');
    writeFileSync(profile, '{ "defaultAction": "SCMP_ACT_ALLOW" }');
    const flags = ['--cap-add', 'net_admin', '--cap-drop=CAP_MKNOD', '--security-opt', 'no-new-privileges', '--security-opt', `seccomp=${profile}`, '--security-opt', 'label=disable',
      '--device', '/dev/null:/dev/nil:r', '--device-cgroup-rule', 'c 10:229 rw', '--group-add', '7', '--ulimit', 'nofile=10:20', '--ulimit', 'core=-1', '--sysctl', 'net.core.somaxconn=10',
      '--pid', 'container:x', '--uts', 'host', '--cgroupns', 'host', '--shm-size', '1m', '--oom-score-adj', '5', '--ipc', 'private'];
    const id = (await cli.ok('create', ...flags, '--network', 'none', 'busybox', 'true')).trim();
    const [info] = JSON.parse(await cli.ok('inspect', id)) as [{ HostConfig: Record<string, unknown> }];
    const expected = {
      CapAdd: ['CAP_NET_ADMIN'], CapDrop: ['CAP_MKNOD'], SecurityOpt: ['no-new-privileges', 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'], UsernsMode: 'private',
      Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/nil', CgroupPermissions: 'r' }], DeviceCgroupRules: ['c 10:229 rw'], GroupAdd: ['7'],
      Ulimits: [{ Name: 'nofile', Hard: 20, Soft: 10 }, { Name: 'core', Hard: -1, Soft: -1 }], Sysctls: { 'net.core.somaxconn': '10' },
      PidMode: 'container:x', UTSMode: 'host', CgroupnsMode: 'host', IpcMode: 'private', ShmSize: 2 ** 20, OomScoreAdj: 5,
    };
    assert.match(await cli.ok('info', '--format', '{{json .SecurityOptions}}'), /"name=seccomp,profile=builtin","name=userns"/);
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(info.HostConfig[key], value, key);
    const refused = async (message: RegExp, ...args: string[]) => {
      const result = await cli.run('run', '--rm', ...args, 'busybox', 'true');
      assert.equal(result.status, 125, result.stderr);
      assert.match(result.stderr, message);
    };
    for (const run of [['run'], ['container', 'run']]) {
      const { status, stderr } = await cli.run(...run, '--pid', 'container:none', 'busybox', 'true');
      assert.deepEqual([status, stderr], [125, 'dockerlite: No such container: none\n']);
    }
    assert.equal(await cli.run('run', '--rm', '--network', 'none', '-v', '/bin/sh:/etc', 'busybox', 'true').then(({ stderr }) => /vice-versa/.test(stderr)), true);
    await refused(/unknown capability: "CAP_FLY"/, '--cap-add', 'fly');
    await refused(/opening seccomp profile \(\/none\) failed: open \/none: no such file or directory\n/, '--security-opt', 'seccomp=/none');
    await refused(/invalid --security-opt: "magic=1"/, '--security-opt', 'magic=1');
    await refused(/invalid ulimit type: files/, '--ulimit', 'files=1');
    await refused(/sysctl 'kernel\.panic=1' is not allowed/, '--sysctl', 'kernel.panic=1');
    await refused(/invalid PID mode: theirs/, '--pid', 'theirs');
    rmSync(directory, { recursive: true });
  });

  describe('is described in Docker\'s words, wrong ones refused', () => {
    const bad = (options: Partial<Isolation>, message: RegExp, setting = SETTING) => assert.throws(() => checkIsolation(options, setting), { code: 'E_INVALID', message });

    it('capabilities', () => {
      assert.equal(capabilityName('CapAdd', 'cap_Net_Admin'), 'CAP_NET_ADMIN');
      assert.equal(capabilityMask({ capAdd: ['CAP_SYS_ADMIN'], capDrop: ['ALL'] }), 1n << 21n);
      for (const name of ['', 'NET', 'CAP_', 'CAP_CAP_CHOWN', '\0']) bad({ capAdd: [name] }, /^invalid CapAdd: unknown capability/);
      bad({ capDrop: ['none'] }, /^invalid CapDrop: unknown capability: "CAP_NONE"$/);
    });

    it('ulimits', () => {
      assert.deepEqual(parseUlimit('nofile=5'), { name: 'nofile', soft: 5, hard: 5 });
      assert.deepEqual(parseUlimit('core=0:unlimited'), { name: 'core', soft: 0, hard: -1 });
      const wrong: [string, RegExp][] = [['nofile', /invalid ulimit argument: nofile/], ['files=3', /invalid ulimit type: files/], ['__proto__=3', /invalid ulimit type/], ['nofile=3:2', /soft limit must be less than or equal to hard limit: 3 > 2/], ['nofile=-1:2', /soft limit must be/], ['nofile=1:2:3', /too many limit value arguments/], ['nofile=', /too many/], ['nofile=a', /invalid syntax/], ['nofile=1.5', /invalid syntax/], ['nofile=-2', /invalid ulimit value/]];
      for (const [text, message] of wrong) assert.throws(() => parseUlimit(text), { code: 'E_INVALID', message });
    });

    it('devices', () => {
      assert.deepEqual(parseDevice('/dev/a'), { host: '/dev/a', container: '/dev/a', permissions: 'rwm' });
      assert.deepEqual(parseDevice('/dev/a:r'), { host: '/dev/a', container: '/dev/a', permissions: 'r' });
      assert.deepEqual(parseDevice('/dev/a:/dev/b:mr'), { host: '/dev/a', container: '/dev/b', permissions: 'mr' });
      for (const text of ['', 'dev/a', '/dev/a:b', '/dev/a:/dev/b:rr', '/dev/a:/dev/b:x', '/dev/a:/dev/b:r:w', '/dev/a:/d\0:r']) assert.throws(() => parseDevice(text), { code: 'E_INVALID' }, text);
      for (const rule of ['', 'x 1:1 r', 'c 1 r', 'c 1:1', 'c 1:1 rwmx', 'c 1:1 r\nc *:* rwm']) bad({ deviceCgroupRules: [rule] }, /^invalid device cgroup format/);
    });

    it('sysctls, those of the container\'s own namespaces only', () => {
      assert.equal(sysctlOrder('net.ipv4.conf.eth0/100.forwarding', '1'), 'net/ipv4/conf/eth0.100/forwarding=1');
      for (const name of ['kernel.panic', 'vm.swappiness', 'net', 'net.', 'net..x', 'net.ipv4/../x', 'net./x', 'kernel.hostname', 'fs.file-max', 'net.a\nb', 'net.a b']) bad({ sysctls: { [name]: '1' } }, /is not allowed/);
      bad({ sysctls: { 'net.core.somaxconn': '1' } }, /not allowed in host network namespace/, { privileged: false, network: 'host' });
      bad({ sysctls: { 'kernel.sem': '1' }, ipcMode: 'host' }, /hosts ipc namespace/);
    });

    it('modes and numbers', () => {
      bad({ pidMode: 'shareable' }, /^invalid PID mode: shareable/);
      bad({ pidMode: 'container:' }, /^invalid PID mode/);
      bad({ ipcMode: 'other' }, /^invalid IPC mode: other/);
      bad({ utsMode: 'container:a' }, /^invalid UTS mode/);
      bad({ cgroupnsMode: 'none' }, /^invalid cgroup namespace mode: none/);
      bad({ userns: 'private', pidMode: 'host' }, /^cannot share the host PID namespace when user namespaces are enabled/);
      bad({ shmSize: -1 }, /^SHM size can not be less than 0/);
      bad({ oomScoreAdj: 1001 }, /^Invalid value 1001, range for oom score adj is \[-1000, 1000\]/);
      bad({ groupAdd: [''] }, /^invalid group/);
      for (const apparmor of ['generated', 'unchanged', 'a b', 'a\nb', 'a\0']) bad({ apparmor }, /^invalid AppArmor profile/);
      assert.equal(checkIsolation({ ipcMode: 'private', pidMode: '', userns: 'private', seccomp: 'builtin', capAdd: [] }, SETTING), undefined);
    });

    it('security options', () => {
      assert.deepEqual(parseSecurityOptions(['no-new-privileges:true', 'apparmor:p', 'label=type:x', 'systempaths=unconfined', 'seccomp=unconfined']), { noNewPrivileges: true, apparmor: 'p', systemPathsUnconfined: true, seccomp: 'unconfined' });
      assert.equal(parseSecurityOptions(['no-new-privileges=false']).noNewPrivileges, false);
      for (const option of ['', 'x', 'no-new-privileges=maybe', 'seccomp', 'seccomp=', 'apparmor', 'systempaths=all', '=x']) assert.throws(() => parseSecurityOptions([option]), { code: 'E_INVALID', message: /^invalid --security-opt/ }, option);
    });
  });
});
