// SPDX-License-Identifier: Apache-2.0
import { invalid } from '../errors';

/** An IPv4 network; addresses are unsigned 32-bit numbers throughout lib/network. */
export interface Subnet {
  network: number;
  prefix: number;
}

/** Dotted quad, decimal, no leading zeros (which some programs read as octal); undefined when it is not one. */
export function parseIpv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (parts === null) return undefined;
  let address = 0;
  for (const part of parts.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    address = address * 256 + Number(part);
  }
  return address;
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** 02:42 and the address, as Docker makes it: unique wherever the address is, and the same at every start. */
export function hardwareAddress(address: number): string {
  return ['02', '42', ...[24, 16, 8, 0].map((shift) => ((address >>> shift) & 255).toString(16).padStart(2, '0'))].join(':');
}

/**
 * A bridge's subnet from CIDR. The bits after the prefix must be zero: "172.30.0.7/16" is more likely a slip than a wish.
 * @throws E_INVALID
 */
export function parseSubnet(text: string): Subnet {
  const subnet = parseCidr(text);
  const expected = 'an IPv4 network in CIDR form such as 172.30.0.0/16, with a prefix of 8 to 30';
  if (subnet === undefined || subnet.prefix < 8 || subnet.prefix > 30) throw invalid('subnet', expected, text);
  const address = parseIpv4(text.slice(0, text.indexOf('/')));
  if (address !== subnet.network) throw invalid('subnet', `${formatSubnet(subnet)}, which is the network this is in`, text);
  return subnet;
}

/** Any IPv4 CIDR as the network it lies in; undefined when it is not one. */
export function parseCidr(text: string): Subnet | undefined {
  const [head = '', tail = '', more] = text.split('/');
  const address = parseIpv4(head);
  if (address === undefined || more !== undefined || !/^(\d|[12]\d|3[0-2])$/.test(tail)) return undefined;
  const prefix = Number(tail);
  return { network: address - (address % sizeOf(prefix)), prefix };
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.network)}/${subnet.prefix}`;
}

export function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}

/** The bridge's own address, where none is asked for: the first one. */
export function gatewayOf(subnet: Subnet): number {
  return subnet.network + 1;
}

export function broadcastOf(subnet: Subnet): number {
  return subnet.network + sizeOf(subnet.prefix) - 1;
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.network && address < subnet.network + sizeOf(subnet.prefix);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return contains(a, b.network) || contains(b, a.network);
}
