// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** Docker's profile format: the OCI runtime specification's seccomp object, with rules that may be conditional. */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  /** libseccomp's names, e.g. SCMP_ARCH_X86_64; this or `archMap`. */
  architectures?: string[];
  archMap?: { architecture: string; subArchitectures?: string[] | null }[];
  flags?: string[];
  syscalls: SeccompRule[];
}

export interface SeccompRule {
  names?: string[];
  /** Of old profiles. */
  name?: string;
  action: string;
  errnoRet?: number;
  args?: SeccompArg[] | null;
  comment?: string;
  includes?: SeccompFilter | null;
  excludes?: SeccompFilter | null;
}

export interface SeccompArg {
  index: number;
  value: number;
  valueTwo?: number;
  op: string;
}

export interface SeccompFilter {
  caps?: string[] | null;
  /** Go's names: amd64, arm64, … */
  arches?: string[] | null;
  minKernel?: string;
}

const OPERATOR = /^SCMP_CMP_(NE|LT|LE|EQ|GE|GT|MASKED_EQ)$/;
const LARGEST = 1 << 20;

/** A profile from its JSON text; everything about it is checked but its words' meaning to libseccomp. @throws E_INVALID */
export function parseProfile(text: string): SeccompProfile {
  if (text.length > LARGEST) throw malformed(`it is larger than ${LARGEST} bytes`);
  let profile: unknown;
  try {
    profile = JSON.parse(text);
  } catch (error) {
    throw malformed((error as Error).message);
  }
  checkProfile(profile);
  return profile;
}

function checkProfile(value: unknown): asserts value is SeccompProfile {
  const profile = record(value, 'the profile');
  check(isAction(profile.defaultAction), 'defaultAction is not an action');
  check(isErrno(profile.defaultErrnoRet), 'defaultErrnoRet is not an error number');
  check(isStrings(profile.architectures), 'architectures is not a list of names');
  check(profile.archMap == null || profile.architectures == null, "both 'architectures' and 'archMap' are specified, use either");
  for (const entry of listOf(profile.archMap, 'archMap')) {
    const { architecture, subArchitectures } = record(entry, 'an entry of archMap');
    check(typeof architecture === 'string' && isStrings(subArchitectures), 'an entry of archMap is not of names');
  }
  profile.syscalls = listOf(profile.syscalls, 'syscalls');
  for (const rule of profile.syscalls as unknown[]) checkRule(record(rule, 'a rule'));
}

function checkRule(rule: Record<string, unknown>): void {
  const { name, names, action } = rule;
  check(isStrings(names) && (name === undefined || typeof name === 'string'), 'the names of a rule are not names');
  check(!name || !(names as string[] | undefined)?.length, "both 'name' and 'names' are specified, use either");
  check(Boolean(name) || ((names as string[] | undefined)?.length ?? 0) > 0, 'a rule without names');
  check(isAction(action), `the action of ${String(name ?? (names as string[])[0])} is not an action`);
  check(isErrno(rule.errnoRet), 'errnoRet is not an error number');
  for (const arg of listOf(rule.args, 'args')) checkArg(record(arg, 'an argument'));
  for (const key of ['includes', 'excludes']) {
    if (rule[key] == null) continue;
    const { caps, arches, minKernel } = record(rule[key], key);
    check(isStrings(caps) && isStrings(arches), `${key} has no lists of names`);
    check(minKernel === undefined || /^\d{1,3}\.\d{1,3}$/.test(String(minKernel)), `invalid kernel version: ${String(minKernel)}, expected "<kernel>.<major>"`);
  }
}

function checkArg({ index, value, valueTwo, op }: Record<string, unknown>): void {
  check(Number.isInteger(index) && (index as number) >= 0 && (index as number) <= 5, 'the index of an argument is not 0 to 5');
  // Above 2^53 JSON numbers are not exact, and an inexact rule is a hole.
  for (const number of [value, valueTwo ?? 0]) check(Number.isSafeInteger(number) && (number as number) >= 0, 'the value of an argument is not a number below 2^53');
  check(typeof op === 'string' && OPERATOR.test(op), `unknown comparison ${JSON.stringify(op)}`);
}

function isAction(value: unknown): boolean {
  return typeof value === 'string' && /^SCMP_ACT_[A-Z_]+$/.test(value);
}

function isErrno(value: unknown): boolean {
  return value == null || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 4095);
}

function isStrings(value: unknown): boolean {
  return value == null || (Array.isArray(value) && value.every((word) => typeof word === 'string' && !word.includes('\0')));
}

function listOf(value: unknown, what: string): unknown[] {
  check(value == null || Array.isArray(value), `${what} is not a list`);
  return (value as unknown[] | null | undefined) ?? [];
}

function record(value: unknown, what: string): Record<string, unknown> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} is not an object`);
  return value as Record<string, unknown>;
}

function check(valid: boolean, why: string): asserts valid {
  if (!valid) throw malformed(why);
}

function malformed(why: string): DockerliteError {
  return new DockerliteError('E_INVALID', `invalid seccomp profile: ${why}`);
}
