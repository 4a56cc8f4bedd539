// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { programPath } from '../../lib/binding/load';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import type { Isolation } from '../../lib/security/isolation';
import { readAll, TestEngine } from '../helpers/engine';
import { LoopDevice } from '../helpers/loop-device';
import { buildStatic } from '../helpers/static-program';

const SECRET = 'what only the host has';

/** Exchanges /race/dir, a directory, and /race/link, a link to a directory of the host, as fast as it can. */
const RACER = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  puts("ready");
  fflush(stdout);
  for (;;) syscall(SYS_renameat2, AT_FDCWD, "/race/dir", AT_FDCWD, "/race/link", 2 /* RENAME_EXCHANGE */);
}
`;

/** Opens the program of every process it sees, unless it is the container's own file, for writing, for as long as it runs. */
const OVERWRITER = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void) {
  char path[64];
  struct stat own, other;
  stat("/", &own);
  puts("ready");
  fflush(stdout);
  for (;;)
    for (int pid = 1; pid < 200; pid++) {
      snprintf(path, sizeof path, "/proc/%d/exe", pid);
      int link = open(path, O_PATH);
      if (link < 0) continue;
      if (fstat(link, &other) || other.st_dev == own.st_dev) { close(link); continue; }
      snprintf(path, sizeof path, "/proc/self/fd/%d", link);
      for (int i = 0; i < 50; i++) {
        int fd = open(path, O_WRONLY);
        if (fd < 0) continue;
        write(fd, "overwritten", 11);
        puts("opened");
        fflush(stdout);
        close(fd);
      }
      close(link);
    }
}
`;

const KEYS = `
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  long calls[] = {SYS_add_key, SYS_request_key, SYS_keyctl};
  for (int i = 0; i < 3; i++) {
    long result = syscall(calls[i], 0L, -3L, 0L, 0L, 0L);
    printf("%ld %d\\n", result, errno);
  }
}
`;

/** Tries to trace the process whose number it is given. */
const TRACER = `
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
int main(int argc, char **argv) {
  pid_t pid = atoi(argv[1]);
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)0x1000, 1};
  if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0) puts("attached");
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) puts("attached");
  /* EFAULT would be after the permission was found. */
  if (process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT) puts("read");
  puts("tried");
}
`;

describe('a payload that wants out', () => {
  let test: TestEngine;
  let directory: string;
  let host: string;
  before(async () => {
    test = await TestEngine.create();
    directory = mkdtempSync(join(tmpdir(), 'dockerlite-escapes-'));
    host = join(directory, 'host');
    mkdirSync(host);
    writeFileSync(join(host, 'file'), SECRET);
  });
  after(async () => {
    await test.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const create = (command: string[], more: Partial<ContainerOptions> = {}): Promise<Container> =>
    test.engine.containers.create({ image: 'busybox', command, network: 'none', ...more });

  async function sh(script: string, isolation: Partial<Isolation> = {}, more: Partial<ContainerOptions> = {}): Promise<string> {
    const container = await create(['sh', '-c', script], { isolation, ...more });
    const attachment = await container.start({ attach: {} });
    const [out, err] = await Promise.all([readAll(attachment.stdout), readAll(attachment.stderr)]);
    await attachment.exited;
    await container.remove();
    return out + err;
  }

  /** A container that runs a program until it is removed; resolves when the program has said that it does. */
  async function running(source: string, prepare: string, more: Partial<ContainerOptions> = {}): Promise<{ container: Container; said: () => string }> {
    const program = buildStatic(directory, 'program', source);
    const container = await create(['sh', '-c', `${prepare}; exec /program`], { ...more, mounts: [`${program}:/program:ro`] });
    const { stdout } = await container.start({ attach: {} });
    let text = '';
    await new Promise<void>((resolve, reject) => {
      stdout?.on('data', (chunk: Buffer) => {
        text += String(chunk);
        if (text.includes('ready')) resolve();
      });
      stdout?.once('end', () => reject(new Error(`it ended: ${text}`)));
    });
    return { container, said: () => text };
  }

  describe('by a symbolic link planted while the host copies', () => {
    let container: Container;
    before(async () => {
      ({ container } = await running(RACER, `mkdir -p /race/dir; echo inside > /race/dir/file; ln -s ${host} /race/link`));
    });
    after(() => container.remove({ force: true }));

    it('gets nothing of the host into cp, export or a commit', async () => {
      for (let i = 0; i < 60; i++) {
        const out = new PassThrough();
        const text = readAll(out);
        await container.copyOut('/race/dir/file', out).catch(() => undefined);
        await container.copyOut('/race/dir', out, { followLink: true }).catch(() => undefined);
        out.end();
        assert.ok(!(await text).includes(SECRET));
      }
      for (let i = 0; i < 5; i++) {
        const out = new PassThrough();
        const text = readAll(out);
        await container.export(out);
        out.end();
        assert.ok(!(await text).includes(SECRET));
      }
      const committed = await container.commit({});
      const copy = await test.engine.containers.create({ image: committed.id, command: ['cat', '/race/dir/file', '/race/link/file'], network: 'none' });
      const { stdout } = await copy.start({ attach: {} });
      assert.ok(!(await readAll(stdout)).includes(SECRET));
      await copy.wait();
      await copy.remove();
    });

    it('gets nothing written to the host by cp', async () => {
      const archive = await tarOf('planted');
      for (let i = 0; i < 60; i++) await container.copyIn(Readable.from(archive), '/race/dir').catch(() => undefined);
      assert.deepEqual(readdirSync(host), ['file']);
      assert.equal(readFileSync(join(host, 'file'), 'utf8'), SECRET);
    });

    async function tarOf(name: string): Promise<Buffer[]> {
      const source = await create(['true']);
      const { execFileSync } = await import('node:child_process');
      writeFileSync(join(directory, name), name);
      const bytes = execFileSync('tar', ['-C', directory, '-c', name]);
      await source.remove();
      return [bytes];
    }
  });

  describe('by the program that runs it (CVE-2019-5736)', () => {
    const digests = () => (['dockerlite-init', 'dockerlite-supervisor'] as const).map((name) => createHash('sha256').update(readFileSync(programPath(name))).digest('hex'));

    for (const isolation of [{}, { userns: 'host' as const, capAdd: ['ALL'], seccomp: 'unconfined' }]) {
      it(`cannot open it for writing${isolation.userns === 'host' ? ', even as root of the host with every capability' : ''}`, async () => {
        const before = digests();
        const { container, said } = await running(OVERWRITER, 'true', { isolation });
        for (let i = 0; i < 10; i++) {
          const executed = await container.exec(['/proc/self/exe', '7']).catch(() => undefined);
          await executed?.exited;
          await (await container.exec(['true'])).exited;
        }
        await container.remove({ force: true });
        assert.deepEqual(digests(), before);
        assert.ok(!said().includes('opened'), 'no program could be opened for writing');
      });
    }
  });

  it('finds no descriptor of the host, and no working directory through one (CVE-2024-21626)', async () => {
    const listing = 'ls -l /proc/self/fd 2>/dev/null | sed -n "s/.* \\([0-9]*\\) -> .*/\\1/p" | sort -n | tr "\\n" " "';
    // What ls itself opens has no link any more when it is looked at.
    assert.equal(await sh(listing), '0 1 2 ');
    const container = await create(['sleep', '1000']);
    await container.start();
    const executed = await container.exec(['sh', '-c', listing]);
    assert.equal(await readAll(executed.stdout), '0 1 2 ');
    await executed.exited;
    for (let fd = 3; fd < 20; fd++) {
      const workdir = `/proc/self/fd/${fd}`;
      await assert.rejects(container.exec(['pwd'], { workdir }), { code: 'E_START_FAILED' }, workdir);
      const other = await create(['pwd'], { workdir });
      await assert.rejects(other.start(), { code: 'E_START_FAILED' }, workdir);
      await other.remove();
    }
    await container.remove({ force: true });
  });

  it('cannot use a release agent, nor make a control group of its own', async () => {
    const script = 'mkdir /c; mount -t cgroup -o memory c /c; mount -t cgroup2 c /c; ls /c | wc -l; find /sys/fs/cgroup -name release_agent -o -name notify_on_release | head -n 1';
    assert.match(await sh(script), /^0\n/);
    // With the right to mount in its own user namespace.
    const output = await sh(`${script}; for f in $(find /c /sys -name release_agent 2>/dev/null); do echo /evil > $f && echo agent set; done`, { capAdd: ['ALL'], seccomp: 'unconfined' });
    assert.ok(!output.includes('agent set'), output);
  });

  it('cannot make a device node, nor open one it should not', async () => {
    using loop = LoopDevice.create();
    const numbers = await sh(`stat -c '%t %T' /x`, {}, { mounts: [`${loop.path}:/x`] });
    const [major, minor] = numbers.trim().split(' ').map((digits) => parseInt(digits, 16));
    assert.match(await sh(`mknod /d b ${major} ${minor}; cat /d`), /mknod: \/d: Operation not permitted/);
    assert.match(await sh(`mknod /d b ${major} ${minor}; cat /d`, { capAdd: ['ALL'], seccomp: 'unconfined' }), /mknod: \/d: Operation not permitted/);
    assert.match(await sh(`mknod /d b ${major} ${minor}; cat /d`, { userns: 'host' }), /can't open '\/d': Operation not permitted/);
    assert.match(await sh('cat /x', {}, { mounts: [`${loop.path}:/x`] }), /can't open '\/x': Operation not permitted/);
  });

  it('cannot mount a block device, even one it may use', async () => {
    using loop = LoopDevice.create(16);
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfs.ext4', ['-q', loop.path], { stdio: 'pipe' });
    const devices = [{ host: loop.path, container: '/dev/disk', permissions: 'rwm' }];
    assert.match(await sh('mkdir /m; mount -t ext4 /dev/disk /m', { devices }), /permission denied|Operation not permitted/);
    assert.match(await sh('mkdir /m; mount -t ext4 /dev/disk /m', { devices, capAdd: ['ALL'], seccomp: 'unconfined' }), /permission denied|Operation not permitted/);
  });

  it('cannot set core_pattern or another parameter of the machine', async () => {
    const names = ['kernel/core_pattern', 'kernel/modprobe', 'vm/overcommit_memory', 'kernel/hostname', 'fs/file-max'];
    const values = () => names.map((name) => (existsSync(`/proc/sys/${name}`) ? readFileSync(`/proc/sys/${name}`, 'latin1') : ''));
    const before = values();
    const script = `for n in ${names.join(' ')}; do echo 1 2>/dev/null > /proc/sys/$n && echo written $n; done; (echo b > /proc/sysrq-trigger) 2>/dev/null && echo written`;
    assert.ok(!(await sh(script)).includes('written'));
    const open = await sh(script, { capAdd: ['ALL'], seccomp: 'unconfined', systemPathsUnconfined: true });
    assert.equal(open.split('\n').filter((line) => line.startsWith('written') && line !== 'written kernel/hostname').join(), '');
    assert.deepEqual(values(), before);
  });

  it("cannot reach the kernel's keyrings", async () => {
    const program = buildStatic(directory, 'keys', KEYS);
    assert.equal(await sh('/keys', {}, { mounts: [`${program}:/keys:ro`] }), '-1 1\n-1 1\n-1 1\n');
    assert.equal(await sh('cat /proc/keys'), '');
  });

  it('sees neither its supervisor nor another process of the host', async () => {
    const container = await create(['sleep', '4321']);
    await container.start();
    const { State } = await container.inspect();
    const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${State.Pid}/status`, 'latin1'))?.[1]);
    const script = `kill -0 ${parent} && echo reached; cat /proc/${parent}/maps && echo reached; ls /proc | grep -c '^[0-9]'`;
    const executed = await container.exec(['sh', '-c', `${script} 2>/dev/null`]);
    const output = await readAll(executed.stdout);
    await executed.exited;
    assert.ok(!output.includes('reached'));
    assert.ok(Number(output.trim().split('\n').at(-1)) < 10);
    await container.remove({ force: true });
    // Among all of the machine's processes, root of the host by its number.
    const program = buildStatic(directory, 'tracer', TRACER);
    const victim = await create(['sleep', '4321']);
    await victim.start();
    const supervisor = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${(await victim.inspect()).State.Pid}/status`, 'latin1'))?.[1]);
    for (const pid of [supervisor, process.pid]) assert.equal(await sh(`/tracer ${pid}`, { pidMode: 'host' }, { mounts: [`${program}:/tracer:ro`] }), 'tried\n');
    await victim.remove({ force: true });
    // Among all of the machine's processes, but with ids of its own or without the right to trace: nobody else's memory.
    assert.ok(!(await sh(`cat /proc/${process.pid}/environ /proc/1/environ >/dev/null 2>&1 && echo read`, { pidMode: 'host' })).includes('read'));
  });

  it('finds no way to the store or the control sockets', async () => {
    const output = await sh('cat /proc/net/unix /proc/self/mountinfo; ls /run /var/lib 2>/dev/null');
    assert.ok(!output.includes('/ctl'));
    assert.ok(!output.includes('state.db'));
    assert.match(await sh(`ls -d ${test.root}/state /run/dockerlite 2>&1`), /(No such file[^]*){2}/);
  });
});
