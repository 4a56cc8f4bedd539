// SPDX-License-Identifier: Apache-2.0
import { machine, release } from 'node:os';
import type { SeccompPolicy, SeccompPolicyRule } from '../binding/types';
import { DockerliteError } from '../errors';
import { hasCapability } from './capabilities';
import type { SeccompArg, SeccompFilter, SeccompProfile, SeccompRule } from './seccomp-profile';

/** SECCOMP_RET_* of linux/seccomp.h, by libseccomp's names. */
const ACTIONS: Record<string, number> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};
const WITH_DATA = ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'];
const EPERM = 1;
const ENOSYS = 38;

/** enum scmp_compare. */
const OPERATORS: Record<string, number> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** This machine as Go calls it, and as libseccomp does. */
const MACHINES: Record<string, { go: string; seccomp: string }> = {
  x86_64: { go: 'amd64', seccomp: 'X86_64' },
  aarch64: { go: 'arm64', seccomp: 'AARCH64' },
  ppc64le: { go: 'ppc64le', seccomp: 'PPC64LE' },
  riscv64: { go: 'riscv64', seccomp: 'RISCV64' },
  s390x: { go: 's390x', seccomp: 'S390X' },
  loongarch64: { go: 'loongarch64', seccomp: 'LOONGARCH64' },
};

/** The profile as it is for this machine, this kernel and a container with these capabilities. @throws E_INVALID */
export function resolveProfile(profile: SeccompProfile, capabilities: bigint): SeccompPolicy {
  const action = actionOf(profile.defaultAction, profile.defaultErrnoRet);
  const applying = profile.syscalls.filter((rule) => applies(rule, capabilities));
  return {
    action,
    architectures: architecturesOf(profile),
    rules: applying.flatMap(policyRules),
    // Where the rest is allowed or only noted, new calls are too.
    beyond: action >= 0x7ff00000 && action < 0x80000000 ? 0 : actionOf('SCMP_ACT_ERRNO', ENOSYS),
  };
}

function actionOf(name: string, errno: number | undefined): number {
  const action = ACTIONS[name];
  if (action === undefined) {
    const hint = name === 'SCMP_ACT_NOTIFY' ? 'nothing here answers notifications' : undefined;
    throw new DockerliteError('E_INVALID', `invalid seccomp profile: unsupported action ${JSON.stringify(name)}`, { hint });
  }
  return WITH_DATA.includes(name) ? action + ((errno ?? EPERM) & 0xffff) : action;
}

function architecturesOf({ architectures, archMap }: SeccompProfile): string[] {
  const native = `SCMP_ARCH_${machineNames().seccomp}`;
  const listed = archMap?.find(({ architecture }) => architecture === native);
  const all = listed === undefined ? (architectures ?? []) : [native, ...(listed.subArchitectures ?? [])];
  return [...new Set([native, ...all])].map((name) => name.replace(/^SCMP_ARCH_/, '').toLowerCase());
}

function machineNames(): { go: string; seccomp: string } {
  const names = MACHINES[machine()];
  if (names === undefined) throw new DockerliteError('E_UNSUPPORTED', `seccomp is not supported on ${machine()}`, { hint: 'use --security-opt seccomp=unconfined' });
  return names;
}

function applies({ includes, excludes }: SeccompRule, capabilities: bigint): boolean {
  const has = (name: string) => hasCapability(capabilities, name);
  const { go } = machineNames();
  const list = (filter: SeccompFilter | null | undefined, key: 'caps' | 'arches') => filter?.[key] ?? [];
  if (list(excludes, 'arches').includes(go) || list(excludes, 'caps').some(has)) return false;
  if (excludes?.minKernel !== undefined && kernelIsAtLeast(excludes.minKernel)) return false;
  const arches = list(includes, 'arches');
  if (arches.length > 0 && !arches.includes(go)) return false;
  return list(includes, 'caps').every(has) && (includes?.minKernel === undefined || kernelIsAtLeast(includes.minKernel));
}

function kernelIsAtLeast(version: string): boolean {
  const [kernel = 0, major = 0] = version.split('.').map(Number);
  const [ownKernel = 0, ownMajor = 0] = release().split('.').map((part) => parseInt(part, 10));
  return ownKernel > kernel || (ownKernel === kernel && ownMajor >= major);
}

/** Several conditions on one argument are alternatives, as runc takes them; on different ones all must hold. */
function policyRules(rule: SeccompRule): SeccompPolicyRule[] {
  const names = rule.names ?? [rule.name as string];
  const action = actionOf(rule.action, rule.errnoRet);
  const args = (rule.args ?? []).map(policyArg);
  const repeated = new Set(args.map(({ index }) => index)).size < args.length;
  return repeated ? args.map((arg) => ({ names, action, args: [arg] })) : [{ names, action, args }];
}

/** libseccomp has the mask of MASKED_EQ first, profiles have it in `value` too and what it is compared with in `valueTwo`. */
function policyArg({ index, op, value, valueTwo }: SeccompArg): SeccompPolicyRule['args'][number] {
  return { index, op: OPERATORS[op] as number, value, valueTwo: valueTwo ?? 0 };
}
