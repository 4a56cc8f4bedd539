// SPDX-License-Identifier: Apache-2.0

/** Numbers of linux/capability.h, by the names liblxc takes (capabilities(7) without cap_). */
const NUMBERS: Record<string, number> = {
  chown: 0,
  dac_override: 1,
  fowner: 3,
  fsetid: 4,
  kill: 5,
  setgid: 6,
  setuid: 7,
  setpcap: 8,
  net_bind_service: 10,
  net_raw: 13,
  sys_chroot: 18,
  mknod: 27,
  audit_write: 29,
  setfcap: 31,
};

/** Docker's default set. */
export const DEFAULT_CAPABILITIES = Object.keys(NUMBERS);

/** The same as a bit mask. */
export function capabilityMask(): bigint {
  return Object.values(NUMBERS).reduce((mask, number) => mask | (1n << BigInt(number)), 0n);
}
