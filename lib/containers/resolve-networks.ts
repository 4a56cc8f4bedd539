// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { allocateAddress } from '../network/address-pool';
import { allocateAddress6 } from '../network/address-pool6';
import { addressPool } from '../network/attachment';
import { findNetwork } from '../network/record';
import type { Store } from '../store/store';
import { networkingOf, sharedNetworkOf } from './networking';
import { findContainer, specOf } from './record';
import type { ContainerSpec } from './spec';

/**
 * The specification with networks by their full name, and a container whose network is shared by its id. Looked up when
 * the container is created, so that a name mistyped leaves nothing behind; a network removed since then fails the start.
 * @throws E_NO_SUCH_NETWORK, E_NO_SUCH_CONTAINER, E_INVALID
 */
export function resolveNetworks(store: Store, spec: ContainerSpec): ContainerSpec {
  const shared = sharedNetworkOf(spec.network);
  if (shared !== undefined) {
    const row = findContainer(store, shared);
    const { hostname, network } = specOf(row);
    if (network === 'host') return { ...spec, network: 'host' };
    const env = spec.env.map((entry) => (entry === `HOSTNAME=${spec.hostname}` ? `HOSTNAME=${hostname}` : entry));
    return { ...spec, network: `container:${row.id}`, hostname, env };
  }
  if (spec.networking === undefined || spec.networking.endpoints.length === 0) return spec;
  const endpoints = spec.networking.endpoints.map((endpoint) => {
    const { name, driver } = findNetwork(store, endpoint.network);
    if (driver !== 'bridge') throw new DockerliteError('E_INVALID', `network ${name} cannot be one of several`);
    return { ...endpoint, network: name };
  });
  // Elsewhere the name server looks for them when they are asked for.
  for (const { network, links } of endpoints) if (network === 'bridge') for (const link of links) requireLinked(store, link);
  const twice = endpoints.find(({ network }, i) => endpoints.findIndex((other) => other.network === network) !== i);
  if (twice !== undefined) throw new DockerliteError('E_INVALID', `network ${JSON.stringify(twice.network)} is specified multiple times`);
  return { ...spec, network: endpoints[0]!.network, networking: { ...spec.networking, endpoints } };
}

function requireLinked(store: Store, link: string): void {
  const [name = ''] = link.split(':');
  try {
    findContainer(store, name);
  } catch (error) {
    if (!(error instanceof DockerliteError)) throw error;
    throw new DockerliteError(error.code, `could not get container for ${name}: ${error.message}`, { cause: error });
  }
}

/** Addresses asked for are the container's from its creation on; part of that transaction. @throws E_ADDRESS_IN_USE, E_INVALID */
export function reserveFixedAddresses(store: Store, id: string, spec: ContainerSpec): void {
  const { db } = store;
  for (const { network: name, ip, ip6 } of networkingOf(spec).endpoints) {
    if (ip === '' && ip6 === '') continue;
    const network = findNetwork(store, name);
    if (ip !== '') allocateAddress(db.raw, addressPool(network), id, ip);
    if (ip6 === '') continue;
    if (network.v6 === undefined) throw new DockerliteError('E_INVALID', `no configured subnet contains IP address ${ip6}`);
    allocateAddress6(db, { network: name, ...network.v6 }, id, 0, ip6);
  }
}
