// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** setrlimit(2), -1 for no limit. */
export interface Ulimit {
  name: string;
  soft: number;
  hard: number;
}

/** Numbers of asm-generic/resource.h. */
const NUMBERS: Record<string, number> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

/** NAME=SOFT[:HARD]. @throws E_INVALID in Docker's words */
export function parseUlimit(text: string): Ulimit {
  const equals = text.indexOf('=');
  if (equals < 0) throw bad(`invalid ulimit argument: ${text}`);
  const [name, values] = [text.slice(0, equals), text.slice(equals + 1)];
  const parts = values.split(':');
  if (parts.length > 2 || values === '') throw bad(`too many limit value arguments - ${values}, can only have up to two, \`soft[:hard]\``);
  const [soft, hard = soft] = parts.map((part) => number(part)) as [number, number?];
  return checkUlimit({ name, soft, hard });
}

function number(text: string): number {
  if (text === 'unlimited') return -1;
  if (!/^-?\d{1,16}$/.test(text)) throw bad(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** @throws E_INVALID in Docker's words */
export function checkUlimit({ name, soft, hard }: Ulimit): Ulimit {
  if (!Object.hasOwn(NUMBERS, name)) throw bad(`invalid ulimit type: ${name}`);
  if (![soft, hard].every((value) => Number.isSafeInteger(value) && value >= -1)) throw bad(`invalid ulimit value: ${name}=${soft}:${hard}`);
  const above = hard !== -1 && (soft === -1 || soft > hard);
  if (above) throw bad(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  return { name, soft, hard };
}

/** As the init shim takes it: "number:soft:hard". */
export function rlimit({ name, soft, hard }: Ulimit): string {
  const value = (limit: number) => (limit === -1 ? '18446744073709551615' : String(limit));
  return `${NUMBERS[name]}:${value(soft)}:${value(hard)}`;
}

function bad(message: string): DockerliteError {
  return new DockerliteError('E_INVALID', message);
}
