// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export type PortRange = [first: number, last: number];

/** What --expose and an image's ExposedPorts have: PORT[-END][/PROTOCOL], as "80/tcp" each. @throws E_INVALID */
export function parseExpose(text: string): string[] {
  if (text.includes(':')) throw new DockerliteError('E_INVALID', `invalid port format for --expose: ${text}`);
  const { proto, rest } = splitProtocol(text);
  const [first, last] = exposedRange(text, rest);
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${proto}`);
}

/** In the words of Go's parser, which Docker passes on. */
function exposedRange(text: string, range: string): PortRange {
  const ends = range.split(/-(.*)/, 2);
  const number = (word: string) => {
    const fault = !/^\d+$/.test(word) ? 'invalid syntax' : Number(word) > 65535 ? 'value out of range' : undefined;
    if (fault !== undefined) throw new DockerliteError('E_INVALID', `invalid range format for --expose: ${text}, error: strconv.ParseUint: parsing ${JSON.stringify(word)}: ${fault}`);
    return Number(word);
  };
  const [first, last = first] = ends.map(number) as [number, number?];
  if (first > last || first === 0) throw new DockerliteError('E_INVALID', `invalid range format for --expose: ${text}, error: invalid range specified for port: ${range}`);
  return [first, last];
}

/** Without one it is TCP. @throws E_INVALID in Docker's words */
export function splitProtocol(text: string): { proto: Protocol; rest: string } {
  const slash = text.indexOf('/');
  if (slash < 0) return { proto: 'tcp', rest: text };
  // As Docker: what follows a second one is not looked at.
  const [given = ''] = text.slice(slash + 1).split('/');
  const proto = given.toLowerCase();
  if (proto === '' || proto === 'tcp') return { proto: 'tcp', rest: text.slice(0, slash) };
  if (proto === 'udp' || proto === 'sctp') return { proto, rest: text.slice(0, slash) };
  throw new DockerliteError('E_INVALID', `invalid proto: ${given}`);
}

/** PORT[-END]; `what` is what Docker calls it. @throws E_INVALID */
export function parseRange(text: string, what: string, least = 1): PortRange {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range: PortRange = [Number(first), Number(last)];
  if (first !== '' && range[0] >= least && range[1] <= 65535 && range[0] <= range[1]) return range;
  throw new DockerliteError('E_INVALID', `invalid ${what}: ${text}`);
}
