// SPDX-License-Identifier: Apache-2.0
import type { EgressOrders, EgressSets } from '../binding/network-orders';
import { listKeys } from '../binding/net';
import type { NftElement } from '../binding/types';
import type { Attachment } from './attachment';
import type { EgressName, EgressRange, EgressTarget } from './egress';
import { address, element, hardware, port } from './elements';
import { formatIpv6, linkLocal } from './ipv6';

/** An egress policy as elements of the tables (rules.ts), and as what the supervisor does about names. */

/** What makes the tables refuse everything else from a container's addresses. */
export function egressElements(table: string, targets: EgressTarget[] | undefined, attachments: Attachment[]): NftElement[] {
  if (targets === undefined) return [];
  const ranges = outermost(targets.filter((target) => 'first' in target));
  return sourcesOf(attachments).flatMap((source) => restricted(table, source, ranges));
}

/** Networks lie in one another or apart; sets of intervals do not take those that overlap. */
function outermost(ranges: EgressRange[]): EgressRange[] {
  const bytes = ranges.map(({ first, last, port: number }) => ({ first: address(first), last: address(last), number }));
  const within = (i: number, j: number) => {
    const [inner, outer] = [bytes[i]!, bytes[j]!];
    const isIn = inner.number === outer.number && inner.first.length === outer.first.length && inner.first.compare(outer.first) >= 0 && inner.last.compare(outer.last) <= 0;
    return isIn && (j < i || inner.first.compare(outer.first) > 0 || inner.last.compare(outer.last) < 0);
  };
  const isNetwork = (i: number) => ranges[i]!.first !== ranges[i]!.last;
  return ranges.filter((_, i) => !isNetwork(i) || !ranges.some((__, j) => isNetwork(j) && within(i, j)));
}

/** The addresses a container sends from. */
function sourcesOf(attachments: Attachment[]): string[] {
  // Its link-local address reaches as far as the link does.
  return attachments.flatMap(({ ip, ip6, mac }) => [ip, ...(ip6 === '' ? [] : [ip6, formatIpv6(linkLocal(hardware(mac)))])]);
}

const familyOf = (text: string) => (text.includes(':') ? 6 : 4);

function restricted(table: string, from: string, ranges: EgressRange[]): NftElement[] {
  const n = familyOf(from);
  const source = address(from);
  const own = ranges.filter(({ first }) => familyOf(first) === n);
  return (['inet', 'bridge'] as const).flatMap((family) => [
    ...own.flatMap((range) => allowed(table, family, source, range)),
    ...['denied', 'told', 'restricted'].map((set) => element(table, family, `${set}${n}`, [source])),
  ]);
}

function allowed(table: string, family: NftElement['family'], source: Buffer, { first, last, port: number }: EgressRange): NftElement[] {
  const tail = number === 0 ? [] : [port(number)];
  const set = `${number === 0 ? '' : '_port'}${familyOf(first)}`;
  if (first === last) return [element(table, family, `exact${set}`, [source, address(first), ...tail])];
  // What is on the other side of the container's own bridge is no outside.
  if (family === 'bridge') return [];
  return [element(table, family, `allowed${set}`, [source, address(first), ...tail], { keyEnd: [source, address(last), ...tail] })];
}

/** Whose counters tell what was refused. */
export function deniedElements(elements: NftElement[]): NftElement[] {
  return elements.filter(({ set }) => set.startsWith('denied'));
}

/** What a supervisor that was killed has left of what it let the container reach for a time. */
export async function openings(table: string, attachments: Attachment[]): Promise<NftElement[]> {
  const found: NftElement[] = [];
  for (const source of sourcesOf(attachments)) {
    for (const { family, any, withPort } of [...outsideSets(table, source), ...containerSets(table, source)]) {
      for (const set of [any, withPort]) {
        const keys = await listKeys({ family, table, set, key: address(source) }).catch(() => []);
        found.push(...keys.map((key) => ({ family, table, set, key })));
      }
    }
  }
  return found;
}

export function egressOrders(table: string, targets: EgressTarget[] | undefined, attachments: Attachment[]): EgressOrders | undefined {
  if (targets === undefined) return undefined;
  const sources = sourcesOf(attachments);
  return {
    names: targets.filter((target): target is EgressName => 'name' in target),
    outside: sources.flatMap((source) => outsideSets(table, source)),
    containers: sources.flatMap((source) => containerSets(table, source)),
    refused: sources.flatMap((source) => (['inet', 'bridge'] as const).map((family) => ({ family, table, any: `denied${familyOf(source)}`, withPort: `refused${familyOf(source)}`, source }))),
  };
}

function outsideSets(table: string, source: string): EgressSets[] {
  const n = familyOf(source);
  return [{ family: 'inet', table, any: `named${n}`, withPort: `named_port${n}`, source }];
}

function containerSets(table: string, source: string): EgressSets[] {
  const n = familyOf(source);
  return (['inet', 'bridge'] as const).map((family) => ({ family, table, any: `exact${n}`, withPort: `exact_port${n}`, source }));
}
