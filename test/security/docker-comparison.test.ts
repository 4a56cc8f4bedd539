// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerMissing, Dockerd } from '../helpers/dockerd';
import { readAll, TestEngine } from '../helpers/engine';
import { PASSED, SECCOMP_PROBE, systemCalls } from '../helpers/seccomp-probe';
import { buildStatic } from '../helpers/static-program';

const PATHS = [
  '/proc/acpi', '/proc/asound', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/sched_debug', '/proc/scsi', '/proc/timer_list', '/proc/timer_stats',
  '/sys/devices/virtual/powercap', '/sys/firmware', '/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', '/sys/kernel/uevent_helper',
];

/** What a container finds, as "section|name|value" lines. */
const REPORT = `
sed -n 's/^\\(Cap[A-Z][a-z]*\\|NoNewPrivs\\|Seccomp\\|Uid\\|Gid\\|Groups\\):[ \\t]*/status|\\1|/p' /proc/self/status
for p in ${PATHS.join(' ')}; do
  if [ -d $p ]; then echo "read|$p|$(ls $p | wc -l)"; else echo "read|$p|$(head -c 1 $p 2>/dev/null | wc -c)"; fi
  if [ -d $p ]; then (touch $p/x) 2>/dev/null && echo "write|$p|yes"; elif [ "$(stat -c %t:%T $p 2>/dev/null)" != 1:3 ]; then (: >> $p) 2>/dev/null && echo "write|$p|yes"; fi
done
find /dev -type c -o -type b | grep -v ptmx | while read f; do echo "device|$f|$(stat -c '%t:%T %a' $f)"; done
while read source target type options rest; do
  for o in ro nosuid nodev noexec; do case ",$options," in *,$o,*) echo "mount $o|$target|yes";; esac; done
  echo "mount|$target|$type"
done < /proc/self/mounts
sed -n '2,$s/^\\(Max [a-z ]*[a-z]\\)  *\\([0-9a-z]*\\)  *\\([0-9a-z]*\\) .*/limit|\\1|\\2 \\3/p' /proc/self/limits
for n in cgroup ipc mnt net pid user uts; do ls -l /proc/self/ns/$n | sed "s/.* -> /namespace|$n|/"; done
`;

/** Verdicts of a filter on calls by the other interfaces of an x86-64 kernel: those of 32-bit programs, and x32. */
const OTHER_INTERFACES = `
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/syscall.h>
static long call(long n, long a) {
  long r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(0L), "d"(0L) : "memory", "r8", "r9", "r10", "r11");
  return r;
}
int main(void) {
  /* getpid mount ptrace swapon reboot init_module acct add_key request_key keyctl unshare open_by_handle_at setns perf_event_open bpf userfaultfd */
  static const int calls[] = {20, 21, 26, 87, 88, 128, 51, 286, 287, 288, 310, 342, 346, 336, 357, 374};
  for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
    long result = call(calls[i], calls[i] == 310 ? 0x10000000 : -1);
    printf("int80 %d %ld\\n", calls[i], result > 0 ? 1 : result);
  }
  static const int x32[] = {39, 165, 250, 272};
  for (unsigned i = 0; i < sizeof x32 / sizeof *x32; i++) {
    errno = 0;
    long result = syscall(0x40000000 | x32[i], 0x10000000L, 0L, 0L, 0L, 0L);
    printf("x32 %d %ld %d\\n", x32[i], result > 0 ? 1L : result, errno);
  }
}
`;

/** Differences and why; docs/security.md has each of these words. */
const STRICTER_CALLS = ['io_uring_setup', 'io_uring_enter', 'io_uring_register'];
/** Docker's own policy allows them since; an older Docker does not. */
const NEWER_CALLS = ['name_to_handle_at', 'process_vm_readv', 'process_vm_writev', 'pkey_mprotect', 'pkey_alloc', 'pkey_free', 'ptrace'];

/** Families of sockets that an older Docker allows: AF_ALG, AF_VSOCK. */
const NEWER_SOCKETS = ['socket:38', 'socket:40'];
/** To an older Docker they are no calls at all. */
const UNKNOWN_CALLS = ['set_mempolicy_home_node', 'lsm_get_self_attr', 'lsm_set_self_attr', 'lsm_list_modules'];

describe('side by side with Docker', () => {
  let docker: Dockerd;
  let test: TestEngine;
  let directory: string;
  let theirs: Map<string, string>;
  let ours: Map<string, string>;
  before(async function () {
    const missing = dockerMissing();
    if (missing !== undefined) {
      console.log(`    skipped: ${missing}`);
      this.skip();
    }
    directory = mkdtempSync(join(tmpdir(), 'dockerlite-comparison-'));
    docker = await Dockerd.start();
    test = await TestEngine.create();
    theirs = parse(docker.run('busybox', 'sh', '-c', REPORT));
    ours = parse(await run(['sh', '-c', REPORT]));
  });
  after(async () => {
    await test?.remove();
    await docker?.stop();
    if (directory) rmSync(directory, { recursive: true, force: true });
  });

  async function run(command: string[], mounts: string[] = []): Promise<string> {
    const container = await test.engine.containers.create({ image: 'busybox', command, network: 'none', mounts });
    const { stdout } = await container.start({ attach: {} });
    const text = await readAll(stdout);
    await container.wait();
    await container.remove();
    return text;
  }

  function parse(text: string): Map<string, string> {
    const lines = text.split('\n').filter((line) => line !== '').map((line) => line.split('|'));
    return new Map(lines.map(([section, name, value]) => [`${section}|${name}`, (value ?? '').trim()]));
  }

  const section = (from: Map<string, string>, name: string) => new Map([...from].filter(([key]) => key.startsWith(`${name}|`)).map(([key, value]) => [key.slice(name.length + 1), value]));

  it('gives the same capabilities, ids, filter and limits', () => {
    assert.equal(section(theirs, 'status').size, 10);
    assert.deepEqual(section(ours, 'status'), section(theirs, 'status'));
    assert.ok(section(theirs, 'limit').size >= 15);
    assert.deepEqual(section(ours, 'limit'), section(theirs, 'limit'));
  });

  it('hides and protects at least the same paths', () => {
    assert.ok(section(theirs, 'read').size > 10);
    for (const [path, amount] of section(ours, 'read')) assert.ok(Number(amount) <= Number(section(theirs, 'read').get(path)), `${path} shows more`);
    for (const path of section(ours, 'write').keys()) assert.equal(section(theirs, 'write').get(path), 'yes', `${path} can be written`);
  });

  it('has the same devices', () => {
    assert.deepEqual(section(ours, 'device'), section(theirs, 'device'));
  });

  it('has no mount that Docker has not but those that are listed, each with the same restrictions', () => {
    const [own, other] = [section(ours, 'mount'), section(theirs, 'mount')];
    const more = [...own.keys()].filter((target) => !other.has(target) && !/^\/dev\/(full|null|random|tty|urandom|zero|ptmx)$/.test(target));
    assert.deepEqual(more.filter((target) => !['/dev/.dockerlite/init', '/proc/interrupts', '/proc/sys/kernel/random/boot_id', '/proc/timer_stats', '/proc/latency_stats'].includes(target)), []);
    for (const option of ['ro', 'nosuid', 'nodev', 'noexec']) {
      const missing = [...section(theirs, `mount ${option}`).keys()].filter((target) => own.has(target) && !section(ours, `mount ${option}`).has(target));
      // A device bound over the file is as closed as a tmpfs's null; /dev is the container's own.
      assert.deepEqual(missing.filter((target) => !['/dev', '/proc/keys', '/proc/timer_list', '/proc/kcore', '/proc/sched_debug', '/proc/latency_stats'].includes(target)), [], option);
    }
  });

  it('shares no namespace with the host', () => {
    const shared = [...section(ours, 'namespace')].filter(([name, value]) => value === readlinkSync(`/proc/self/ns/${name}`)).map(([name]) => name);
    assert.deepEqual(shared, []);
  });

  it('allows and refuses the same system calls', () => {
    const program = buildStatic(directory, 'probe', SECCOMP_PROBE);
    const calls = [...systemCalls()];
    const numbers = calls.map(([, number]) => String(number));
    const allowed = (text: string) => new Map(text.trim().split('\n').map((line) => [line.split(' ')[0], Number(line.split(' ')[1]) === PASSED]));
    const their = allowed(docker.run('-v', `${program}:/probe:ro`, 'busybox', '/probe', ...numbers));
    return run(['/probe', ...numbers], [`${program}:/probe:ro`]).then((text) => {
      const own = allowed(text);
      const differing = (more: boolean) => calls.filter(([, number]) => own.get(String(number)) === more && their.get(String(number)) === !more).map(([name]) => name);
      assert.deepEqual(differing(true).filter((name) => !NEWER_CALLS.includes(name)), [], 'allowed here, refused by Docker');
      // What an old Docker answers with ENOSYS as unknown counts as passed.
      assert.deepEqual(differing(false).filter((name) => ![...STRICTER_CALLS, ...UNKNOWN_CALLS].includes(name)), [], 'refused here, allowed by Docker');
    });
  });

  it('decides by arguments in the same way', async () => {
    const program = buildStatic(directory, 'probe', SECCOMP_PROBE);
    const numbers = systemCalls();
    // CLONE_NEWUSER, CLONE_NEWNS, a plain fork; per-process, Linux32 and no randomisation; every family of sockets.
    const asked = [['clone', 0x10000011], ['clone', 0x20011], ['clone', 17], ['personality', 0xffffffff], ['personality', 8], ['personality', 0x40000], ...Array.from({ length: 46 }, (_, family) => ['socket', family])] as [string, number][];
    const words = asked.map(([name, argument]) => `${numbers.get(name)}:${argument}`);
    const verdicts = (text: string) => text.trim().split('\n').map((line, i) => `${asked[i]?.join(':')} ${Number(line.split(' ')[1]) === PASSED}`);
    const [their, own] = [verdicts(docker.run('-v', `${program}:/probe:ro`, 'busybox', '/probe', ...words)), verdicts(await run(['/probe', ...words], [`${program}:/probe:ro`]))];
    assert.equal(own.length, asked.length);
    assert.deepEqual(own.filter((line) => !their.includes(line) && !NEWER_SOCKETS.includes(line.split(' ')[0] as string)), []);
    for (const socket of NEWER_SOCKETS) assert.ok(own.includes(`${socket} false`), socket);
  });

  it('filters the calls of 32-bit programs too', async function () {
    if (machine() !== 'x86_64') this.skip();
    const program = buildStatic(directory, 'other', OTHER_INTERFACES);
    const own = await run(['/other'], [`${program}:/other:ro`]);
    assert.match(own, /^int80 20 1\nint80 21 -1\n[^]*x32 272 -1 1\n$/);
    assert.equal(own, docker.run('-v', `${program}:/other:ro`, 'busybox', '/other'));
  });

  it('differs in nothing that docs/security.md does not say', () => {
    const text = readFileSync(join(__dirname, '../../../docs/security.md'), 'utf8');
    for (const word of [...STRICTER_CALLS, ...NEWER_CALLS, '/dev/.dockerlite', '/proc/interrupts', 'boot_id', 'cgroup', 'nosuid', 'user namespace', 'AF_ALG', 'AF_VSOCK']) assert.ok(text.includes(word), word);
  });
});
