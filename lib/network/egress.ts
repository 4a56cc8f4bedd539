// SPDX-License-Identifier: Apache-2.0
import type { NftElement } from '../binding/types';
import { DockerliteError } from '../errors';
import type { Attachment } from './attachment';
import { address, element, hardware, port } from './elements';
import { broadcastOf, formatIpv4, parseCidr, parseIpv4 } from './ipv4';
import { bytesOfIpv6, linkLocal, parseCidr6, parseIpv6, sizeOf6 } from './ipv6';

/** One place a container may send to. */
export interface EgressTarget {
  /** The first and the last address. */
  first: string;
  last: string;
  /** 0 for any. */
  port: number;
}

/**
 * --egress: "all" (undefined), "none", or addresses and networks, each with a port or without:
 * "192.0.2.7", "192.0.2.0/24:443", "[fd00::7]:53".
 * @throws E_INVALID, E_UNSUPPORTED for names
 */
export function parseEgress(text: string): EgressTarget[] | undefined {
  if (text === 'all') return undefined;
  return text === 'none' ? [] : text.split(',').map(parseTarget);
}

function parseTarget(text: string): EgressTarget {
  const [, bracketed, plain, number] = /^(?:\[([^\]]+)\]|([^:]+|[^:]*:[^:]*:.*?))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const net = bracketed ?? plain ?? '';
  // Without brackets an IPv6 address has no port: its last group could be one.
  const whole = rangeOf(text);
  if (whole !== undefined) return { ...whole, port: 0 };
  const range = rangeOf(net);
  const portNumber = number === undefined ? 0 : Number(number);
  if (range !== undefined && portNumber <= 65535 && number !== '0') return { ...range, port: portNumber };
  if (/^[a-z*][a-z0-9.*-]*(:\d+)?$/i.test(text)) {
    throw new DockerliteError('E_UNSUPPORTED', `--egress ${text}: names are not supported yet`, { hint: 'give addresses or networks, e.g. 192.0.2.0/24:443' });
  }
  throw new DockerliteError('E_INVALID', `invalid egress target ${JSON.stringify(text)}: expected all, none, or addresses and networks, e.g. 192.0.2.0/24:443`);
}

function rangeOf(text: string): Omit<EgressTarget, 'port'> | undefined {
  const v4 = parseIpv4(text) === undefined ? parseCidr(text) : parseCidr(`${text}/32`);
  if (v4 !== undefined) return { first: formatIpv4(v4.network), last: formatIpv4(broadcastOf(v4)) };
  const v6 = parseIpv6(text) === undefined ? parseCidr6(text) : parseCidr6(`${text}/128`);
  if (v6 === undefined) return undefined;
  return { first: hex(v6.network), last: hex(v6.network + sizeOf6(v6.prefix) - 1n) };
}

function hex(value: bigint): string {
  return bytesOfIpv6(value).toString('hex').match(/..../g)!.join(':');
}

/** What makes the tables refuse everything else from a container's addresses. */
export function egressElements(table: string, targets: EgressTarget[] | undefined, attachments: Attachment[]): NftElement[] {
  if (targets === undefined) return [];
  return attachments.flatMap(({ ip, ip6, mac }) => [
    ...restricted(table, 4, address(ip), targets.filter(({ first }) => !first.includes(':'))),
    // Its link-local address reaches as far as the link does.
    ...(ip6 === '' ? [] : [address(ip6), bytesOfIpv6(linkLocal(hardware(mac)))]).flatMap((source) => restricted(table, 6, source, targets.filter(({ first }) => first.includes(':')))),
  ]);
}

function restricted(table: string, n: 4 | 6, source: Buffer, targets: EgressTarget[]): NftElement[] {
  return (['inet', 'bridge'] as const).flatMap((family) => [
    ...targets.map(({ first, last, port: number }) => {
      const tail = number === 0 ? [] : [port(number)];
      const set = number === 0 ? `allowed${n}` : `allowed_port${n}`;
      return element(table, family, set, [source, address(first), ...tail], { keyEnd: [source, address(last), ...tail] });
    }),
    element(table, family, `denied${n}`, [source]),
    element(table, family, `restricted${n}`, [source]),
  ]);
}

/** Whose counters tell what was refused. */
export function deniedElements(elements: NftElement[]): NftElement[] {
  return elements.filter(({ set }) => set.startsWith('denied'));
}
