// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { machine } from 'node:os';
import fc from 'fast-check';
import { compileSeccomp } from '../../lib/binding/seccomp';
import type { SeccompPolicy } from '../../lib/binding/types';
import { defaultProfile } from '../../lib/security/seccomp-default';
import { parseProfile } from '../../lib/security/seccomp-profile';
import { resolveProfile } from '../../lib/security/seccomp-rules';

/** AUDIT_ARCH_X86_64, _I386, and one that no filter here knows. */
const ARCHITECTURES = [0xc000003e, 0x40000003, 0xc00000b7];
const X32 = 0x40000000;

interface Call {
  architecture: number;
  number: number;
  args: bigint[];
}

/** What the kernel would do: bpf(4) as seccomp(2) has it. */
function verdict(filter: Buffer, call: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.architecture, 4);
  call.args.forEach((value, i) => data.writeBigUInt64LE(value, 16 + 8 * i));
  let value = 0;
  for (let at = 0; ; at++) {
    const code = filter.readUInt16LE(at * 8);
    const [yes, no] = [filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3)];
    const k = filter.readUInt32LE(at * 8 + 4);
    if (code === 0x06) return k;
    if (code === 0x20) value = data.readUInt32LE(k);
    else if (code === 0x54) value = (value & k) >>> 0;
    else if (code === 0x05) at += k;
    else if (code === 0x15) at += value === k ? yes : no;
    else if (code === 0x25) at += value > k ? yes : no;
    else if (code === 0x35) at += value >= k ? yes : no;
    else throw new Error(`instruction ${code.toString(16)} at ${at}`);
  }
}

describe('the compact form of a seccomp filter', function () {
  before(function () {
    if (machine() !== 'x86_64') {
      console.log('    skipped: the numbers here are those of x86-64');
      this.skip();
    }
  });

  const OWN = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: [
      { names: ['read', 'write', 'exit_group', 'execve'], action: 'SCMP_ACT_ALLOW' },
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 2, op: 'SCMP_CMP_NE' }, { index: 1, value: 7, op: 'SCMP_CMP_LT' }] },
      { names: ['kill'], action: 'SCMP_ACT_TRAP', args: [{ index: 1, value: 0xff, valueTwo: 9, op: 'SCMP_CMP_MASKED_EQ' }] },
      { names: ['mmap', 'ioctl'], action: 'SCMP_ACT_LOG', args: [{ index: 2, value: 2 ** 40, op: 'SCMP_CMP_GE' }] },
    ],
  });
  const policies: [string, () => SeccompPolicy, number][] = [
    ['the default policy', () => resolveProfile(defaultProfile(), 0xa80425fbn), 2],
    ['the default policy with every capability', () => resolveProfile(defaultProfile(), 2n ** 41n - 1n), 2],
    ['a profile of few calls and many conditions', () => resolveProfile(parseProfile(OWN), 0n), 1],
  ];
  for (const [name, policy, factor] of policies) {
    it(`says of every call what libseccomp's says: ${name}`, async () => {
      const [compact, plain] = await Promise.all([compileSeccomp(policy()), compileSeccomp({ ...policy(), plain: true })]);
      assert.ok(compact.length * factor <= plain.length, `${compact.length} instead of ${plain.length}`);
      const same = (call: Call) => assert.equal(verdict(compact, call), verdict(plain, call), JSON.stringify(call, (_, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value)));
      // What the rules compare with, and its neighbours.
      const values = new Set([0n, 2n ** 64n - 1n]);
      for (const { args } of policy().rules) for (const { value, valueTwo } of args) for (const v of [value, valueTwo]) for (const d of [-1n, 0n, 1n]) values.add(BigInt.asUintN(64, BigInt(v) + d));
      for (const architecture of ARCHITECTURES) {
        for (const base of [0, X32]) {
          for (let number = base; number < base + 600; number++) for (const value of values) same({ architecture, number, args: Array<bigint>(6).fill(value) });
        }
      }
      const word = fc.oneof(fc.constantFrom(...values), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
      const call = fc.record({
        architecture: fc.constantFrom(...ARCHITECTURES),
        number: fc.oneof(fc.nat(600), fc.nat(600).map((n) => n + X32), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
        args: fc.array(word, { minLength: 6, maxLength: 6 }),
      });
      fc.assert(fc.property(call, same), { numRuns: 5000 });
    });
  }
});
