// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net';

/** Without port and brackets. */
export function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase();
}

/** The machine itself. */
export function isLoopback(host: string): boolean {
  const name = hostName(host);
  return name === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(name) || (name.includes(':') && networkOf('::1/128')?.(name) === true);
}

/** 4, 6, or 0 for what is no address: Node takes longer than a request does to get ready to tell whether a name is one. */
export function familyOf(name: string): number {
  return /^[\d.]+$|:/.test(name) ? isIP(name) : 0;
}

/** Whether an address is in a network, `10.0.0.0/8`; undefined for what is no network. */
export function networkOf(text: string): ((name: string) => boolean) | undefined {
  const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(text) ?? [];
  const family = familyOf(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const network = new BlockList();
  network.addSubnet(address, Number(bits), type);
  return (name) => familyOf(name) === family && network.check(name, type);
}
