// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export type PortRange = [first: number, last: number];

/** What --expose and an image's ExposedPorts have: PORT[-END][/PROTOCOL], as "80/tcp" each. @throws E_INVALID */
export function parseExpose(text: string): string[] {
  const { proto, rest } = splitProtocol(text);
  if (!/^\d+(-\d+)?$/.test(rest)) throw new DockerliteError('E_INVALID', `invalid range format for --expose: ${text}`);
  const [first, last] = parseRange(rest, 'containerPort');
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${proto}`);
}

/** Without one it is TCP. @throws E_INVALID in Docker's words */
export function splitProtocol(text: string): { proto: Protocol; rest: string } {
  const slash = text.indexOf('/');
  if (slash < 0) return { proto: 'tcp', rest: text };
  const proto = text.slice(slash + 1).toLowerCase();
  if (proto === '' || proto === 'tcp') return { proto: 'tcp', rest: text.slice(0, slash) };
  if (proto === 'udp' || proto === 'sctp') return { proto, rest: text.slice(0, slash) };
  throw new DockerliteError('E_INVALID', `invalid proto: ${text.slice(slash + 1)}`);
}

/** PORT[-END]; `what` is what Docker calls it. @throws E_INVALID */
export function parseRange(text: string, what: string): PortRange {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range: PortRange = [Number(first), Number(last)];
  if (first !== '' && range[0] >= 1 && range[1] <= 65535 && range[0] <= range[1]) return range;
  throw new DockerliteError('E_INVALID', `invalid ${what}: ${text}`);
}
