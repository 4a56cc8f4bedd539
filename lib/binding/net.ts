// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { loadAddon } from './load';
import { native } from './native-error';
import type { BridgeRequest, LinkInfo } from './types';

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

/** Is there a table of this name in nftables' ip family? */
export function hasTable(name: string): Promise<boolean> {
  return native(() => addon().hasTable(name));
}

/** Writes a net.* kernel setting; the value it had. */
export function sysctl(key: string, value: string): Promise<string> {
  return native(() => addon().sysctl(key, value));
}
