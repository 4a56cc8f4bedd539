// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from 'node:net';

/** An IPv6 network; addresses are bigints throughout lib/network. */
export interface Subnet6 {
  network: bigint;
  prefix: number;
}

/** undefined for anything but an address; scopes (`%eth0`) are none of it. */
export function parseIpv6(text: string): bigint | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // The dotted tail of ::ffff:192.0.2.1 as two more groups.
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
  const plain = dotted === null ? text : `${dotted[1]}${hex(dotted[2]!, dotted[3]!)}:${hex(dotted[4]!, dotted[5]!)}`;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((address, group) => (address << 16n) | BigInt(`0x${group}`), 0n);
}

/** RFC 5952: lower case, the longest run of zeros left out. */
export function formatIpv6(address: bigint): string {
  const groups = bytesOfIpv6(address).toString('hex').match(/..../g)!.map((group) => group.replace(/^0{1,3}/, ''));
  const runs: string[] = groups.join(':').match(/(?<![^:])0(?::0)+(?![^:])/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  const text = groups.join(':');
  if (longest === '') return text;
  const at = new RegExp(`(^|:)${longest}(?=:|$)`).exec(text)!;
  const start = at.index;
  const end = start + at[0].length;
  return `${text.slice(0, start)}::${text.slice(end + 1)}`;
}

export function bytesOfIpv6(address: bigint): Buffer {
  return Buffer.from(address.toString(16).padStart(32, '0'), 'hex');
}

/** Any IPv6 CIDR as the network it lies in; undefined when it is not one. */
export function parseCidr6(text: string): Subnet6 | undefined {
  const [head = '', tail = '', more] = text.split('/');
  const address = parseIpv6(head);
  if (address === undefined || more !== undefined || !/^\d{1,3}$/.test(tail) || Number(tail) > 128) return undefined;
  const prefix = Number(tail);
  return { network: address - (address % sizeOf6(prefix)), prefix };
}

export function formatSubnet6({ network, prefix }: Subnet6): string {
  return `${formatIpv6(network)}/${prefix}`;
}

export function sizeOf6(prefix: number): bigint {
  return 1n << BigInt(128 - prefix);
}

export function contains6(subnet: Subnet6, address: bigint): boolean {
  return address >= subnet.network && address < subnet.network + sizeOf6(subnet.prefix);
}

export function overlaps6(a: Subnet6, b: Subnet6): boolean {
  return contains6(a, b.network) || contains6(b, a.network);
}

/** The address an interface gives itself from its hardware address (EUI-64): the kernel's default. */
export function linkLocal(hardware: Buffer): bigint {
  const id = Buffer.from([hardware[0]! ^ 2, hardware[1]!, hardware[2]!, 0xff, 0xfe, hardware[3]!, hardware[4]!, hardware[5]!]);
  return (0xfe80n << 112n) | BigInt(`0x${id.toString('hex')}`);
}
