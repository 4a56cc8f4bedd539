// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { DockerliteError } from '../errors';

/** capabilities(7), in the order of their numbers in linux/capability.h. */
const NAMES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN ' +
  'NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME ' +
  'SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON ' +
  'BPF CHECKPOINT_RESTORE'
).split(' ');

/** Docker's default set. */
const DEFAULT = 'CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP'.split(' ');

/** What the init shim needs before the payload runs: it sets sysctls, owners and limits, installs the filter, changes user, and drops them. */
const FOR_SET_UP = 'CHOWN DAC_OVERRIDE FOWNER SETGID SETUID SETPCAP NET_ADMIN SYS_ADMIN SYS_RESOURCE'.split(' ');

const DEFAULT_MASK = maskOf(DEFAULT);

export interface CapabilityChoice {
  capAdd?: string[];
  capDrop?: string[];
}

/** "CAP_NET_ADMIN", or "ALL", of any way Docker takes it; `list` is where it was given. @throws E_INVALID */
export function capabilityName(list: 'CapAdd' | 'CapDrop', given: string): string {
  const upper = given.toUpperCase();
  if (upper === 'ALL') return upper;
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  const number = NAMES.indexOf(name.slice(4));
  if (number < 0) throw new DockerliteError('E_INVALID', `invalid ${list}: unknown capability: ${JSON.stringify(name)}`);
  if (number > lastOfKernel()) {
    throw new DockerliteError('E_INVALID', `invalid ${list}: capability not supported by your kernel or not available in the current environment: ${JSON.stringify(name)}`);
  }
  return name;
}

/** The capabilities of a container as a bit mask, from normalised names; Docker's rules. */
export function capabilityMask({ capAdd = [], capDrop = [] }: CapabilityChoice = {}): bigint {
  const [added, dropped] = [maskOf(bare(capAdd)), maskOf(bare(capDrop))];
  if (capAdd.includes('ALL')) return ((1n << BigInt(lastOfKernel() + 1)) - 1n) & ~dropped;
  if (capDrop.includes('ALL')) return added;
  return (DEFAULT_MASK & ~dropped) | added;
}

/** The names in a mask as liblxc takes them: without CAP_, small. */
export function capabilitiesForLxc(mask: bigint): string[] {
  const wanted = mask | maskOf(FOR_SET_UP);
  return NAMES.filter((_, number) => number <= lastOfKernel() && hasBit(wanted, number)).map((name) => name.toLowerCase());
}

/** Whether the mask has a capability by its full name. */
export function hasCapability(mask: bigint, name: string): boolean {
  const number = NAMES.indexOf(name.replace(/^CAP_/, ''));
  return number >= 0 && hasBit(mask, number);
}

function bare(names: string[]): string[] {
  return names.filter((name) => name !== 'ALL').map((name) => name.replace(/^CAP_/, ''));
}

function maskOf(names: string[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(NAMES.indexOf(name))), 0n);
}

function hasBit(mask: bigint, number: number): boolean {
  return ((mask >> BigInt(number)) & 1n) === 1n;
}

let last: number | undefined;

function lastOfKernel(): number {
  last ??= Math.min(Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1')), NAMES.length - 1);
  return last;
}
