// SPDX-License-Identifier: Apache-2.0
import type { NftElement } from '../binding/types';
import type { Protocol } from '../util/ports';
import { parseIpv4 } from './ipv4';
import { bytesOfIpv6, linkLocal, parseIpv6 } from './ipv6';

/**
 * What of networks and containers becomes an element of the tables' sets and maps (rules.ts). Nothing else grows with
 * their number. Keys are the bytes nftables keeps: parts of a concatenation, each padded to a multiple of four.
 */

type Family = NftElement['family'];

export function element(table: string, family: Family, set: string, key: Buffer[], rest: { data?: Buffer[]; keyEnd?: Buffer[] } = {}): NftElement {
  return {
    ...{ family, table, set, key: Buffer.concat(key) },
    ...(rest.data && { data: Buffer.concat(rest.data) }),
    ...(rest.keyEnd && { keyEnd: Buffer.concat(rest.keyEnd) }),
  };
}

export function interfaceName(name: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.write(name, 'latin1');
  return bytes;
}

/** An IPv4 or IPv6 address, network order. */
export function address(text: string): Buffer {
  const v4 = parseIpv4(text);
  if (v4 === undefined) return bytesOfIpv6(parseIpv6(text)!);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(v4);
  return bytes;
}

const PROTOCOLS: Record<Protocol, number> = { tcp: 6, udp: 17, sctp: 132 };

export function protocol(name: Protocol): Buffer {
  return Buffer.from([PROTOCOLS[name], 0, 0, 0]);
}

export function port(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(number);
  return bytes;
}

/** "02:42:ac:1e:00:02" as six bytes. */
export function hardware(text: string): Buffer {
  return Buffer.from(text.replace(/:/g, ''), 'hex');
}

export function bridgeElements(table: string, bridge: { name: string; internal: boolean }): NftElement[] {
  const name = interfaceName(bridge.name);
  return [
    element(table, 'inet', 'bridges', [name]),
    element(table, 'inet', 'local', [name, name]),
    ...(bridge.internal ? [element(table, 'inet', 'internal', [name])] : []),
  ];
}

/** One end of a container on a bridge. */
export interface Member {
  /** The host's end of the veth pair. */
  veth: string;
  mac: string;
  ip: string;
  /** '' without one. */
  ip6: string;
}

/** What may come in through the host's end of a veth pair: nothing but the container's own addresses. */
export function memberElements(table: string, { veth, mac, ip, ip6 }: Member): NftElement[] {
  const name = interfaceName(veth);
  const sender = [name, hardware(mac), Buffer.alloc(2)];
  // A host asks from :: whether an address is free, and speaks to its neighbours from its link-local one.
  const own6 = ip6 === '' ? [] : [address(ip6), bytesOfIpv6(linkLocal(hardware(mac))), Buffer.alloc(16)];
  return [
    element(table, 'bridge', 'ports', [name]),
    element(table, 'bridge', 'members4', [...sender, address(ip)]),
    ...own6.flatMap((bytes) => ['members6', 'targets6'].map((set) => element(table, 'bridge', set, [...sender, bytes]))),
  ];
}

/** One port of the host that leads to a container. */
export interface PublishedPort {
  proto: Protocol;
  hostIp: string;
  hostPort: number;
  ip: string;
  containerPort: number;
}

export function portElement(table: string, { proto, hostIp, hostPort, ip, containerPort }: PublishedPort): NftElement {
  const any = hostIp === '0.0.0.0' || hostIp === '::';
  const family = hostIp.includes(':') ? 6 : 4;
  const data = [address(ip), port(containerPort)];
  if (any) return element(table, 'inet', `published${family}`, [protocol(proto), port(hostPort)], { data });
  return element(table, 'inet', `published_on${family}`, [address(hostIp), protocol(proto), port(hostPort)], { data });
}
