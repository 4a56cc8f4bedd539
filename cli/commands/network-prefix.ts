// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net';

export interface Prefix {
  address: string;
  family: 'ipv4' | 'ipv6';
  length: number;
}

/** CIDR of either family; undefined when it is not one. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', length = '', more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined || !/^\d{1,3}$/.test(length) || Number(length) > (version === 4 ? 32 : 128)) return undefined;
  return { address, family: version === 4 ? 'ipv4' : 'ipv6', length: Number(length) };
}

/** Does all of `inner` lie in `outer`? */
export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || inner.length < outer.length) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.length, outer.family);
  return list.check(inner.address, inner.family);
}
