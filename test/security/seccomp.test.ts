// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerOptions } from '../../lib/containers/spec';
import { Engine } from '../../lib/engine';
import { defaultProfile } from '../../lib/security/seccomp-default';
import { parseProfile, type SeccompRule } from '../../lib/security/seccomp-profile';
import { resolveProfile } from '../../lib/security/seccomp-rules';
import { readMarker } from '../../lib/store/store';
import { readAll, TestEngine } from '../helpers/engine';
import { PASSED, REFUSED, SECCOMP_PROBE, systemCalls } from '../helpers/seccomp-probe';
import { buildStatic } from '../helpers/static-program';

const PROBE = '/probe';

describe('seccomp', () => {
  let test: TestEngine;
  let directory: string;
  let program: string;
  before(async function () {
    if (!['x86_64', 'aarch64'].includes(machine())) this.skip();
    directory = mkdtempSync(join(tmpdir(), 'dockerlite-seccomp-'));
    program = buildStatic(directory, 'probe', SECCOMP_PROBE);
    test = await TestEngine.create();
  });
  after(async () => {
    await test?.remove();
    if (directory) rmSync(directory, { recursive: true, force: true });
  });

  async function output(command: string[], more: Partial<ContainerOptions> = {}): Promise<string> {
    const container = await test.engine.containers.create({ image: 'busybox', command, network: 'none', mounts: [`${program}:${PROBE}:ro`], ...more });
    const attachment = await container.start({ attach: {} });
    const [out, err] = await Promise.all([readAll(attachment.stdout), readAll(attachment.stderr)]);
    await attachment.exited;
    await container.remove();
    return out + err;
  }

  /** errno by call. */
  async function verdicts(calls: string[], more: Partial<ContainerOptions> = {}): Promise<Map<string, number>> {
    const lines = (await output([PROBE, ...calls], more)).trim().split('\n');
    assert.equal(lines.length, calls.length, lines[0]);
    return new Map(lines.map((line) => [line.split(' ')[0] as string, Number(line.split(' ')[1])]));
  }

  const numberOf = (name: string) => String(systemCalls().get(name));

  it('filters the payload, execs too, whatever its user', async () => {
    const status = ['grep', '-E', '^(Seccomp|NoNewPrivs):', '/proc/self/status'];
    assert.equal(await output(status), 'NoNewPrivs:\t0\nSeccomp:\t2\n');
    assert.equal(await output(status, { user: '1000' }), 'NoNewPrivs:\t0\nSeccomp:\t2\n');
    assert.equal(await output(status, { isolation: { noNewPrivileges: true } }), 'NoNewPrivs:\t1\nSeccomp:\t2\n');
    assert.equal(await output(status, { isolation: { capDrop: ['ALL'] } }), 'NoNewPrivs:\t0\nSeccomp:\t2\n');
    assert.equal(await output(status, { isolation: { seccomp: 'unconfined' } }), 'NoNewPrivs:\t0\nSeccomp:\t0\n');
    assert.equal(await output(status, { privileged: true }), 'NoNewPrivs:\t0\nSeccomp:\t0\n');
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sleep', '1000'], network: 'none' });
    const executed = await container.exec(status);
    assert.equal(await readAll(executed.stdout), 'NoNewPrivs:\t0\nSeccomp:\t2\n');
    await executed.exited;
    await container.remove({ force: true });
  });

  it('allows and refuses every call as the policy says, with the usual capabilities and with more', async () => {
    const calls = systemCalls();
    assert.ok(calls.size > 300);
    for (const capAdd of [[], ['SYS_ADMIN'], ['SYS_PTRACE', 'SYS_MODULE', 'SYS_TIME', 'SYS_NICE'], ['ALL']]) {
      // With arguments the rules are tested one by one below.
      const numbers = [...calls].filter(([name]) => !['socket', 'personality', 'clone'].includes(name));
      const found = await verdicts(numbers.map(([, number]) => String(number)), { isolation: { capAdd } });
      const wrong = numbers.filter(([name, number]) => (found.get(String(number)) === PASSED) !== allowed(name, capAdd));
      assert.deepEqual(wrong, [], `with ${capAdd.join(' ')}`);
    }
  });

  /** By the rules as they are written, without what compiles them. */
  function allowed(name: string, capAdd: string[]): boolean {
    const usual = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'NET_BIND_SERVICE', 'NET_RAW', 'SYS_CHROOT', 'MKNOD', 'AUDIT_WRITE', 'SETFCAP'];
    const has = (capability: string) => capAdd.includes('ALL') || [...usual, ...capAdd].includes(capability.slice(4));
    const arch = machine() === 'x86_64' ? 'amd64' : 'arm64';
    const matches = ({ names, includes, excludes, args }: SeccompRule) =>
      names?.includes(name) && !args && (includes?.caps ?? []).every(has) && !(excludes?.caps ?? []).some(has) && (!includes?.arches || includes.arches.includes(arch));
    // clone3 is answered with ENOSYS, which looks the same.
    return defaultProfile().syscalls.some(matches);
  }

  it('decides by arguments', async () => {
    const [socket, personality, clone] = ['socket', 'personality', 'clone'].map(numberOf);
    const found = await verdicts([
      ...['1', '2', '10', '16', '38', '39', '40', '41'].map((family) => `${socket}:${family}`),
      ...['0', '8', '0x20000', '0x20008', '0xffffffff', '0x40000', '1'].map((persona) => `${personality}:${persona}`),
      ...['0x11', '0x10000011', '0x20000', '0x40000000'].map((flags) => `${clone}:${flags}`),
    ]);
    const refused = [...found].filter(([, errno]) => errno === REFUSED).map(([call]) => call);
    assert.deepEqual(refused, [`${socket}:38`, `${socket}:40`, `${personality}:0x40000`, `${personality}:1`, `${clone}:0x10000011`, `${clone}:0x20000`, `${clone}:0x40000000`]);
    assert.ok([...found.values()].every((errno) => errno === REFUSED || errno === PASSED));
  });

  it('says ENOSYS, not EPERM, to clone3 and to calls nobody knew when the policy was made', async () => {
    const source = '#include <errno.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) { syscall(435, 0, 0); printf("%d ", errno); syscall(600); printf("%d\\n", errno); }';
    const unknown = buildStatic(directory, 'unknown', source);
    assert.equal(await output(['/unknown'], { mounts: [`${unknown}:/unknown:ro`] }), '38 38\n');
  });

  it("takes profiles in Docker's form", async () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 },
        { name: 'socket', action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 10, op: 'SCMP_CMP_EQ' }] },
        { names: ['no_such_call_anywhere'], action: 'SCMP_ACT_ERRNO' },
      ],
    };
    const isolation = { seccomp: JSON.stringify(profile) };
    assert.match(await output(['mkdir', '/a'], { isolation }), /No space left on device/);
    const [socket, mount] = ['socket', 'mount'].map(numberOf);
    assert.deepEqual([...(await verdicts([`${socket}:10`, `${socket}:2`, `${mount}`], { isolation })).values()], [REFUSED, PASSED, PASSED]);
    // Privileged containers are filtered by a profile of their own only.
    assert.match(await output(['mkdir', '/a'], { isolation, privileged: true }), /No space left on device/);
    const container = await test.engine.containers.create({ image: 'busybox', command: ['true'], network: 'none', isolation });
    assert.deepEqual((await container.inspect()).HostConfig.SecurityOpt, [`seccomp=${JSON.stringify(profile)}`]);
  });

  it('refuses malformed profiles', async () => {
    const rule = (more: object) => JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...more }] });
    const bad: [string, RegExp][] = [
      ['{', /JSON|Expected/],
      ['[]', /not an object/],
      ['null', /not an object/],
      ['{}', /defaultAction/],
      [JSON.stringify({ defaultAction: 'ALLOW' }), /defaultAction/],
      [JSON.stringify({ defaultAction: 'SCMP_ACT_SING' }), /unsupported action "SCMP_ACT_SING"/],
      [JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: {} }), /not a list/],
      [JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86'], archMap: [] }), /both/],
      [rule({ action: 'SCMP_ACT_NOTIFY' }), /unsupported action "SCMP_ACT_NOTIFY"/],
      [rule({ action: 1 }), /not an action/],
      [rule({ name: 'write' }), /both 'name' and 'names'/],
      [rule({ names: [] }), /without names/],
      [rule({ names: [3] }), /not names/],
      [rule({ errnoRet: 70000 }), /errnoRet/],
      [rule({ args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }), /index/],
      [rule({ args: [{ index: 0, value: 2 ** 60, op: 'SCMP_CMP_EQ' }] }), /2\^53/],
      [rule({ args: [{ index: 0, value: -1, op: 'SCMP_CMP_EQ' }] }), /2\^53/],
      [rule({ args: [{ index: 0, value: 1, op: 'EQ' }] }), /unknown comparison "EQ"/],
      [rule({ includes: { minKernel: 'new' } }), /kernel version/],
      [rule({ excludes: { caps: 'ALL' } }), /lists of names/],
      [' '.repeat((1 << 20) + 1), /larger than/],
    ];
    for (const [text, message] of bad) {
      await assert.rejects(test.engine.containers.create({ image: 'busybox', isolation: { seccomp: text } }), { code: 'E_INVALID', message });
    }
  });

  it('compiles a filter once, and again when what is kept of it is damaged', async () => {
    const kept = `/run/dockerlite/${readMarker(test.root)?.id}/seccomp`;
    const status = ['grep', '-E', '^Seccomp:', '/proc/self/status'];
    await output(status, { isolation: { capAdd: ['WAKE_ALARM'] } });
    const files = readdirSync(kept).sort();
    const times = files.map((name) => statSync(join(kept, name)).mtimeMs);
    await output(status, { isolation: { capAdd: ['WAKE_ALARM'] } });
    assert.deepEqual(readdirSync(kept).sort(), files);
    assert.deepEqual(files.map((name) => statSync(join(kept, name)).mtimeMs), times);
    for (const name of files) truncateSync(join(kept, name), 12);
    await using other = await Engine.open({ root: test.root });
    const container = await other.containers.create({ image: 'busybox', command: status, network: 'none' });
    const attachment = await container.start({ attach: {} });
    assert.equal(await readAll(attachment.stdout), 'Seccomp:\t2\n');
    await attachment.exited;
  });

  it('resolves conditions by architecture, capabilities and kernel', () => {
    const profile = parseProfile(JSON.stringify({
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      syscalls: [
        { names: ['a'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '99.0' } },
        { names: ['b'], action: 'SCMP_ACT_ALLOW', excludes: { minKernel: '4.0' } },
        { names: ['c'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.0', caps: ['CAP_CHOWN'] } },
        { names: ['d'], action: 'SCMP_ACT_ALLOW', excludes: { caps: ['CAP_CHOWN'] } },
        { names: ['e'], action: 'SCMP_ACT_TRACE', errnoRet: 7, includes: { arches: ['vax'] } },
        { names: ['f'], action: 'SCMP_ACT_TRACE', errnoRet: 7, args: [{ index: 1, value: 1, op: 'SCMP_CMP_EQ' }, { index: 1, value: 2, op: 'SCMP_CMP_EQ' }] },
      ],
    }));
    const policy = resolveProfile(profile, 1n);
    assert.equal(policy.action, 0x80000000);
    assert.deepEqual(policy.rules.map(({ names, args }) => [names[0], args.length]), [['c', 0], ['f', 1], ['f', 1]]);
    assert.equal(policy.rules[1]?.action, 0x7ff00007);
    assert.equal(policy.beyond, 0x00050026);
  });
});
