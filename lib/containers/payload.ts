// SPDX-License-Identifier: Apache-2.0
import { encodeFields, type Field, u32, u64 } from '../binding/frames';

/** Tags of the shim's orders, see docs/architecture.md. */
const TAG = { argv: 1, env: 2, cwd: 3, user: 4, group: 5, flags: 6, rlimit: 7, seccomp: 8, rows: 9, columns: 10, capabilities: 11, sysctl: 12, node: 13 } as const;
const FLAG = { tty: 1, init: 2, noNewPrivileges: 4, newSession: 8, keepTree: 16 } as const;

export interface Payload {
  argv: string[];
  env: string[];
  cwd: string;
  user: string;
  tty: boolean;
  /** The working directory must be there; else it is made. */
  keepTree?: boolean;
  init?: boolean;
  rows?: number;
  columns?: number;
  /** Bit mask of the capabilities to keep; all that are there when absent. */
  capabilities?: bigint;
  /** Compiled filter, an array of struct sock_filter. */
  seccomp?: Buffer;
  /** A second one; a call must pass both. */
  quotaFilter?: Buffer;
  noNewPrivileges?: boolean;
  /** Further groups, by name or number. */
  groups?: string[];
  /** "number:soft:hard" */
  rlimits?: string[];
  /** "path/below/proc/sys=value"; /proc/sys is read-only when they are written. */
  sysctls?: string[];
  /** Devices to make: "c|b MAJOR MINOR MODE UID GID PATH", the path below /dev. */
  nodes?: string[];
}

/** What the init shim (or an exec'ed process) is told to become. */
export function encodePayload(payload: Payload): Buffer {
  const fields: Field[] = [
    ...payload.argv.map((word): Field => [TAG.argv, word]),
    ...payload.env.map((entry): Field => [TAG.env, entry]),
    [TAG.cwd, payload.cwd],
    [TAG.user, payload.user],
    [TAG.flags, u32(flagsOf(payload))],
  ];
  for (const group of payload.groups ?? []) fields.push([TAG.group, group]);
  for (const limit of payload.rlimits ?? []) fields.push([TAG.rlimit, limit]);
  for (const sysctl of payload.sysctls ?? []) fields.push([TAG.sysctl, sysctl]);
  for (const node of payload.nodes ?? []) fields.push([TAG.node, node]);
  if (payload.rows !== undefined) fields.push([TAG.rows, u32(payload.rows)]);
  if (payload.columns !== undefined) fields.push([TAG.columns, u32(payload.columns)]);
  if (payload.capabilities !== undefined) fields.push([TAG.capabilities, u64(payload.capabilities)]);
  for (const filter of [payload.seccomp, payload.quotaFilter]) if (filter !== undefined) fields.push([TAG.seccomp, filter]);
  return encodeFields(fields);
}

function flagsOf({ tty, init, noNewPrivileges, keepTree }: Payload): number {
  return FLAG.newSession | (tty ? FLAG.tty : 0) | (init ? FLAG.init : 0) | (noNewPrivileges ? FLAG.noNewPrivileges : 0) | (keepTree ? FLAG.keepTree : 0);
}
