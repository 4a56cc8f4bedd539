// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { loadAddon } from './load';
import { native } from './native-error';
import type { BridgeRequest, LinkInfo, NftElement, NftRule, VethRequest } from './types';

const addon = () => loadAddon('dockerlite-net');

/** Creates the bridge, gives it its address and sets it up; fine when it is already so, or others do it at the same time. */
export function ensureBridge(request: BridgeRequest): Promise<void> {
  return native(() => addon().ensureBridge(request));
}

/** @throws E_SYSTEM with errno ENODEV when there is none of this name */
export function deleteLink(name: string): Promise<void> {
  return native(() => addon().deleteLink(name));
}

export function links(): Promise<LinkInfo[]> {
  return native(() => addon().links());
}

/** IPv4 networks, CIDR, that the main routing table leads to or an address lies in. */
export function usedSubnets(): Promise<string[]> {
  return native(() => addon().usedSubnets());
}

/** Runs nft commands as one transaction; what they print. */
export async function nft(commands: string, options: { json?: boolean }): Promise<string> {
  try {
    return await native(() => addon().nft(commands, options));
  } catch (error) {
    if (!(error instanceof DockerliteError) || error.syscall !== 'dlopen') throw error;
    throw new DockerliteError('E_NATIVE_MISSING', error.message, { hint: 'on Debian: apt-get install libnftables1', cause: error });
  }
}

export function hasTable(family: NftElement['family'], name: string): Promise<boolean> {
  return native(() => addon().hasTable(family, name));
}

/** A transaction of nftables that adds or deletes elements, as `sendBatch` and supervisors send it. */
export function encodeElements(verb: 'add' | 'delete', elements: NftElement[]): Buffer {
  return addon().encodeElements(verb === 'delete', elements);
}

/**
 * All of it or nothing; `lenient`: as much of it as can be done.
 * @throws E_SYSTEM with errno ENOENT (no such table, set or element), EEXIST or EBUSY (an element with other data)
 */
export function sendBatch(batch: Buffer, options: { lenient?: boolean }): Promise<void> {
  return native(() => addon().sendBatch(batch, options));
}

/** What an element's counter has counted. @throws E_SYSTEM with errno ENOENT when there is no such element */
export function readCounter(element: NftElement): Promise<{ packets: number; bytes: number }> {
  return native(() => addon().readCounter(element));
}

/** The keys in a set that begin with `set.key`. @throws E_SYSTEM with errno ENOENT when there is no such set */
export function listKeys(set: NftElement): Promise<Buffer[]> {
  return native(() => addon().listKeys(set));
}

/** A table's rules, in the order of their chains; none when there is no such table. */
export function listRules(family: NftElement['family'], table: string): Promise<NftRule[]> {
  return native(() => addon().listRules(family, table));
}

/** Can a socket be bound there just now? Where the kernel lacks the protocol, nobody has it. */
export function isPortFree(proto: string, address: string, port: number): boolean {
  return addon().isPortFree(proto, address, port);
}

/** Connects a network namespace, given as an open descriptor, to a bridge by a new veth pair. */
export function connectVeth(netns: number, request: VethRequest): Promise<void> {
  return native(() => addon().connectVeth(netns, request));
}

/** Writes a net.* kernel setting; the value it had. */
export function sysctl(key: string, value: string): Promise<string> {
  return native(() => addon().sysctl(key, value));
}
