// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import * as net from '../binding/net';
import { DockerliteError } from '../errors';
import type { StateDatabase } from '../store/database';
import { randomInt } from '../util/id';
import type { Attachment } from './attachment';
import { defaultRouteOf } from './attachment';
import type { Protocol } from '../util/ports';
import type { PublishedPort } from './elements';
import type { PortMapping } from './port-spec';

interface PortRow {
  proto: Protocol;
  port: number;
  host_ip: string;
  container_id: string;
  container_port: number;
}

/** Another container has the port: it may have ended without anybody having noticed. */
export class PortTaken extends Error {
  constructor(
    readonly holder: string,
    readonly shown: string,
  ) {
    super(`Bind for ${shown} failed: port is already allocated`);
  }
}

/**
 * Takes the ports of the host for a container that is being started: part of the caller's IMMEDIATE transaction, so two
 * processes never both take one. That no other program has them shows when the supervisor binds them.
 * @throws PortTaken, E_CONFLICT
 */
export function claimPorts(db: StateDatabase, containerId: string, mappings: PortMapping[], attachments: Attachment[]): PublishedPort[] {
  const target = defaultRouteOf(attachments);
  // Nothing is published on networks without a way in.
  if (target === undefined) return [];
  return mappings.flatMap((mapping) => claimOne(db, containerId, mapping, target));
}

/** Those a running container has, by its rows. */
export function publishedPorts(db: StateDatabase, containerId: string, attachments: Attachment[]): PublishedPort[] {
  const target = defaultRouteOf(attachments);
  if (target === undefined) return [];
  return portRows(db, containerId).map(({ proto, port, host_ip, container_port }) => toPort(proto, host_ip, port, container_port, target));
}

/** Ports of the host that lead to a container. */
export function portRows(db: StateDatabase, containerId: string): PortRow[] {
  return db.all<PortRow>('SELECT * FROM ports WHERE container_id = ? ORDER BY container_port, proto, host_ip, port', containerId);
}

function claimOne(db: StateDatabase, containerId: string, mapping: PortMapping, target: Attachment): PublishedPort[] {
  const addresses = hostAddresses(mapping, target);
  const port = choosePort(db, mapping, addresses);
  return addresses.map((hostIp) => {
    db.run('INSERT INTO ports (proto, port, host_ip, container_id, container_port) VALUES (?, ?, ?, ?, ?)', mapping.proto, port, hostIp, containerId, mapping.containerPort);
    return toPort(mapping.proto, hostIp, port, mapping.containerPort, target);
  });
}

/** An address of the host leads to the container's of the same family. */
function hostAddresses({ hostIp }: PortMapping, { ip6 }: Attachment): string[] {
  if (hostIp === '') return ip6 === '' ? ['0.0.0.0'] : ['0.0.0.0', '::'];
  if (hostIp.includes(':') && ip6 === '') throw new DockerliteError('E_CONFLICT', `cannot publish on ${hostIp}: the container has no IPv6 address`, { hint: 'make a network with --ipv6' });
  return [hostIp];
}

function toPort(proto: Protocol, hostIp: string, hostPort: number, containerPort: number, { ip, ip6 }: Attachment): PublishedPort {
  return { proto, hostIp, hostPort, ip: hostIp.includes(':') ? ip6 : ip, containerPort };
}

function choosePort(db: StateDatabase, { proto, hostPort, hostPortEnd }: PortMapping, addresses: string[]): number {
  const takenBy = (port: number) => addresses.map((address) => holderOf(db, proto, port, address)).find((holder) => holder !== undefined);
  if (hostPort === hostPortEnd && hostPort !== 0) {
    const holder = takenBy(hostPort);
    if (holder !== undefined) throw new PortTaken(holder, `${shownAddress(addresses[0]!)}:${hostPort}`);
    return hostPort;
  }
  const [first, last] = hostPort === 0 ? dynamicRange() : [hostPort, hostPortEnd];
  const count = last - first + 1;
  const start = hostPort === 0 ? randomInt(count) : 0;
  for (let i = 0; i < count; i++) {
    const port = first + ((start + i) % count);
    if (takenBy(port) === undefined && addresses.every((address) => net.isPortFree(proto, address, port))) return port;
  }
  throw new DockerliteError('E_CONFLICT', `Bind for ${shownAddress(addresses[0]!)} failed: all ports are allocated`);
}

function holderOf(db: StateDatabase, proto: Protocol, port: number, address: string): string | undefined {
  const rows = db.all<PortRow>('SELECT * FROM ports WHERE proto = ? AND port = ?', proto, port);
  const any = address.includes(':') ? '::' : '0.0.0.0';
  return rows.find(({ host_ip }) => host_ip.includes(':') === address.includes(':') && (host_ip === address || host_ip === any || address === any))?.container_id;
}

export function shownAddress(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Where the kernel takes ports from that nobody chose. */
function dynamicRange(): [number, number] {
  const [first = NaN, last = NaN] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim().split(/\s+/).map(Number);
  return first > 0 && last >= first ? [first, last] : [32768, 60999];
}
