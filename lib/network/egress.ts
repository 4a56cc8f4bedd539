// SPDX-License-Identifier: Apache-2.0
import { domainToASCII } from 'node:url';
import { DockerliteError } from '../errors';
import { broadcastOf, formatIpv4, parseCidr, parseIpv4 } from './ipv4';
import { bytesOfIpv6, formatIpv6, parseCidr6, parseIpv6, sizeOf6 } from './ipv6';

/** Addresses a container may send to: one, or those of a network. */
export interface EgressRange {
  /** The first and the last address. */
  first: string;
  last: string;
  /** 0 for any. */
  port: number;
}

/** A name it may look up, and send to what that stands for. */
export interface EgressName {
  /** Lower case; "*.example.org" is every name below example.org. */
  name: string;
  port: number;
}

export type EgressTarget = EgressRange | EgressName;

const MOST_TARGETS = 4096;

/**
 * --egress: "all" (undefined), "none", or addresses, networks and names, each with a port or without:
 * "192.0.2.7", "192.0.2.0/24:443", "[fd00::7]:53", "example.org:443", "*.example.org".
 * @throws E_INVALID
 */
export function parseEgress(policy: string | readonly string[]): EgressTarget[] | undefined {
  const list = typeof policy === 'string' ? policy.split(',') : policy.flatMap((each) => each.split(','));
  if (list.length === 1 && list[0] === 'all') return undefined;
  if (list.length === 0 || (list.length === 1 && list[0] === 'none')) return [];
  if (list.length > MOST_TARGETS) throw new DockerliteError('E_INVALID', `an egress policy has ${MOST_TARGETS} targets at most, not ${list.length}`);
  return list.map(parseTarget);
}

/** One line or word of a policy. @throws E_INVALID */
export function parseTarget(text: string): EgressTarget {
  if (text === 'all' || text === 'none') throw new DockerliteError('E_INVALID', `invalid egress target ${JSON.stringify(text)}: it stands alone`);
  // Without brackets an IPv6 address has no port: its last group could be one.
  const whole = rangeOf(text);
  if (whole !== undefined) return { ...whole, port: 0 };
  const [, bracketed, plain, number] = /^(?:\[([^\]]+)\]|([^[\]:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = number === undefined ? 0 : Number(number);
  const range = rangeOf(bracketed ?? plain ?? '');
  const name = plain === undefined ? undefined : checkName(plain);
  if (port <= 65535 && number !== '0') {
    if (range !== undefined) return { ...range, port };
    if (name !== undefined) return { name, port };
  }
  throw new DockerliteError('E_INVALID', `invalid egress target ${JSON.stringify(text)}: expected all, none, or addresses, networks and names, e.g. 192.0.2.0/24:443,example.org`);
}

function rangeOf(text: string): Pick<EgressRange, 'first' | 'last'> | undefined {
  const v4 = parseIpv4(text) === undefined ? parseCidr(text) : parseCidr(`${text}/32`);
  if (v4 !== undefined) return { first: formatIpv4(v4.network), last: formatIpv4(broadcastOf(v4)) };
  const v6 = parseIpv6(text) === undefined ? parseCidr6(text) : parseCidr6(`${text}/128`);
  if (v6 === undefined) return undefined;
  return { first: hex(v6.network), last: hex(v6.network + sizeOf6(v6.prefix) - 1n) };
}

function hex(value: bigint): string {
  return bytesOfIpv6(value).toString('hex').match(/..../g)!.join(':');
}

/** As it is asked for on the wire; undefined for what is no name. */
function checkName(text: string): string | undefined {
  const [, star = '', rest = ''] = /^(\*\.)?(.*?)\.?$/s.exec(text) ?? [];
  // What it leaves out silently is no part of a name.
  const name = /^[\0-\x7f]*$/.test(rest) || /[\0-\x20\x7f]/.test(rest) ? rest.toLowerCase() : domainToASCII(rest);
  const labels = name.split('.');
  const isName = name.length <= 253 - star.length && labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label));
  // A last label of digits would be an address that is misspelt.
  return isName && !/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1)!) ? star + name : undefined;
}

/** The targets as somebody would write them; "all" without a policy, "none" when there are none. */
export function formatEgress(targets: EgressTarget[] | undefined): string[] {
  if (targets === undefined) return ['all'];
  return targets.length === 0 ? ['none'] : targets.map(formatTarget);
}

function formatTarget(target: EgressTarget): string {
  const tail = target.port === 0 ? '' : `:${target.port}`;
  if ('name' in target) return `${target.name}${tail}`;
  const v6 = target.first.includes(':');
  const text = v6 ? formatRange(parseIpv6(target.first)!, parseIpv6(target.last)!, 128, formatIpv6) : formatRange(BigInt(parseIpv4(target.first)!), BigInt(parseIpv4(target.last)!), 32, (value) => formatIpv4(Number(value)));
  return v6 && tail !== '' ? `[${text}]${tail}` : `${text}${tail}`;
}

function formatRange(first: bigint, last: bigint, bits: number, format: (value: bigint) => string): string {
  const size = last - first + 1n;
  return size === 1n ? format(first) : `${format(first)}/${bits - (size.toString(2).length - 1)}`;
}
