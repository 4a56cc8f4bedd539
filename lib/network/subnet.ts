// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import * as net from '../binding/net';
import { DockerliteError } from '../errors';
import { formatSubnet, overlaps, parseCidr, parseSubnet, type Subnet } from './ipv4';

/** The upper half of 172.16.0.0/12 in pieces of 4,093 containers each; a bridge has room for 1,023 at a time anyway. */
const CANDIDATES: Subnet[] = Array.from({ length: 128 }, (_, i) => ({ network: 0xac180000 + i * 4096, prefix: 20 }));

/**
 * The subnet of a new store's bridge: the one asked for, else a free one.
 * @throws E_INVALID (not a subnet), E_CONFLICT (the machine uses it)
 */
export async function chooseSubnet(wanted?: string): Promise<string> {
  const asked = wanted === undefined ? undefined : parseSubnet(wanted);
  const used = (await net.usedSubnets()).map(parseCidr).filter((subnet) => subnet !== undefined);
  if (asked === undefined) return formatSubnet(pickFree(used, randomInt(CANDIDATES.length)));
  const other = used.find((subnet) => overlaps(subnet, asked));
  if (other === undefined) return formatSubnet(asked);
  throw new DockerliteError('E_CONFLICT', `subnet ${formatSubnet(asked)} overlaps ${formatSubnet(other)}, which this machine uses`, {
    hint: 'choose another one with --subnet',
  });
}

/**
 * The first candidate from `start` on that overlaps nothing in use. The caller starts at random: the bridge of another
 * store may not be up, so that nothing shows its subnet is taken.
 */
export function pickFree(used: Subnet[], start: number): Subnet {
  for (let i = 0; i < CANDIDATES.length; i++) {
    const candidate = CANDIDATES[(start + i) % CANDIDATES.length]!;
    if (!used.some((subnet) => overlaps(subnet, candidate))) return candidate;
  }
  throw new DockerliteError('E_CONFLICT', 'this machine uses all of 172.24.0.0/13, where the subnet would be taken from', {
    hint: 'give one with --subnet',
  });
}
