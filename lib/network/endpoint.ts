// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { DockerliteError } from '../errors';
import { hardwareAddress, parseIpv4 } from './ipv4';
import { isPredefined } from './record';

/** What a caller may say about a container's place in one network. */
export interface EndpointOptions {
  /** Name or id, or none, host, container:NAME. */
  network: string;
  /** Further names other containers of the network find it by. */
  aliases?: string[];
  /** Fixed addresses. */
  ip?: string;
  ip6?: string;
  /** Six bytes in hexadecimal, with colons. */
  mac?: string;
  /** Containers it calls by names of its own: "CONTAINER[:ALIAS]". */
  links?: string[];
}

/** The same, complete; kept in the container's specification. */
export interface EndpointSpec {
  /** The network's name. */
  network: string;
  aliases: string[];
  /** '' for any. */
  ip: string;
  ip6: string;
  mac: string;
  links: string[];
}

/** @throws E_INVALID in Docker's words */
export function normaliseEndpoint(options: EndpointOptions): EndpointSpec {
  const { network, aliases = [], ip = '', ip6 = '', mac = '', links = [] } = options;
  if (ip !== '' && isIP(ip) !== 4) throw new DockerliteError('E_INVALID', `invalid IPv4 address: ${ip}`);
  if (ip6 !== '' && isIP(ip6) !== 6) throw new DockerliteError('E_INVALID', `invalid IPv6 address: ${ip6}`);
  if (ip6 !== '' && network === 'bridge') throw userNetworksOnly();
  if (aliases.length > 0 && isPredefined(network)) {
    throw new DockerliteError('E_INVALID', 'network-scoped aliases are only supported for user-defined networks');
  }
  return { network, aliases: [...new Set(aliases.map(checkAlias))], ip, ip6, mac: checkMac(mac), links: links.map(checkLink) };
}

export function userNetworksOnly(): DockerliteError {
  return new DockerliteError('E_INVALID', 'user specified IP address is supported on user defined networks only');
}

/** Names resolvers can ask for; they become file names, too. @throws E_INVALID */
function checkAlias(alias: string): string {
  if (/^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,252}[a-zA-Z0-9_])?$/.test(alias) && !alias.includes('..')) return alias;
  throw new DockerliteError('E_INVALID', `invalid network alias ${JSON.stringify(alias)}: expected letters, digits, dots, dashes and underscores`);
}

/** An address for one host (the lowest bit of the first byte is 0). @throws E_INVALID */
export function checkMac(mac: string): string {
  if (mac === '') return '';
  const plain = mac.toLowerCase().replace(/-/g, ':');
  if (/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(plain) && plain !== '00:00:00:00:00:00') return plain;
  throw new DockerliteError('E_INVALID', `${mac} is not a valid mac address`);
}

/** @throws E_INVALID */
export function checkLink(link: string): string {
  if (link === '') throw new DockerliteError('E_INVALID', 'empty string specified for links');
  const [container = '', alias = container, more] = link.split(':');
  if (container === '' || more !== undefined) throw new DockerliteError('E_INVALID', `bad format for links: ${link}`);
  return `${container}:${checkAlias(alias.replace(/^\//, ''))}`;
}

/** Docker's: made of the address, so that it is unique wherever that is, and the same at every start. */
export function macOf(endpoint: Pick<EndpointSpec, 'mac'>, ip: string): string {
  return endpoint.mac || hardwareAddress(parseIpv4(ip)!);
}
