// SPDX-License-Identifier: Apache-2.0
import type { NftElement } from '../binding/types';
import { DockerliteError } from '../errors';
import type { StateDatabase } from '../store/database';
import { type AddressPool, allocateAddress } from './address-pool';
import { allocateAddress6 } from './address-pool6';
import { memberElements } from './elements';
import { type EndpointSpec, macOf } from './endpoint';
import { parseIpv4 } from './ipv4';
import type { Network } from './record';

/** A container's place in a network, for as long as it runs. */
export interface Attachment {
  network: Network;
  endpoint: EndpointSpec;
  /** n of ethn. */
  index: number;
  ip: string;
  /** '' on a network without IPv6. */
  ip6: string;
  mac: string;
  /** The host's end of the veth pair. */
  veth: string;
}

/** What a bridge of Linux takes: BR_MAX_PORTS less the reserved number 0. */
export const MOST_PORTS = 1023;

/** The host's end of the container's veth pair: whoever finds one left over can tell whose it was. */
export function vethName(containerId: string, index = 0): string {
  return `dl${containerId.slice(0, 12)}${index === 0 ? '' : index.toString(36)}`;
}

export function addressPool(network: Network): AddressPool {
  if (network.v4 === undefined) throw new DockerliteError('E_INVALID', `network ${network.name} has no addresses`);
  return { network: network.name, ...network.v4 };
}

/**
 * Gives the container its addresses in a network: part of the caller's IMMEDIATE transaction.
 * @throws E_NO_ADDRESS, E_ADDRESS_IN_USE, E_INVALID
 */
export function attach(db: StateDatabase, network: Network, endpoint: EndpointSpec, containerId: string, index: number): Attachment {
  const ip = allocateAddress(db.raw, addressPool(network), containerId, endpoint.ip || undefined, index);
  requireRoom(db, network);
  const place = parseIpv4(ip)! - network.v4!.subnet.network;
  if (endpoint.ip6 !== '' && network.v6 === undefined) throw new DockerliteError('E_INVALID', `no configured subnet contains IP address ${endpoint.ip6}`);
  const ip6 = network.v6 === undefined ? '' : allocateAddress6(db, { network: network.name, ...network.v6 }, containerId, place, endpoint.ip6 || undefined);
  return { network, endpoint, index, ip, ip6, mac: macOf(endpoint, ip), veth: vethName(containerId, index) };
}

/** Fixed addresses of stopped containers count only when it gets tight. */
function requireRoom(db: StateDatabase, { name }: Network): void {
  const count = (sql: string) => db.get<{ count: number }>(sql, name)?.count ?? 0;
  if (count('SELECT count(*) AS count FROM addresses WHERE network = ?') <= MOST_PORTS) return;
  const running = count(
    `SELECT count(*) AS count FROM addresses JOIN containers ON containers.id = container_id
     WHERE network = ? AND state IN ('starting', 'running', 'paused')`,
  );
  if (running <= MOST_PORTS) return;
  throw new DockerliteError('E_NO_ADDRESS', `network ${name} has ${MOST_PORTS} running containers, as many as a bridge of Linux takes`, {
    hint: 'make another network: dockerlite network create',
  });
}

export function attachmentElements(table: string, attachments: Attachment[]): NftElement[] {
  return attachments.flatMap((each) => memberElements(table, each));
}

/** The one whose gateway the container's way out leads through: the first of a network that has one. */
export function defaultRouteOf(attachments: Attachment[]): Attachment | undefined {
  return attachments.find(({ network }) => !network.spec.internal);
}
