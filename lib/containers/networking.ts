// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { DockerliteError } from '../errors';
import { type EndpointOptions, type EndpointSpec, normaliseEndpoint, userNetworksOnly } from '../network/endpoint';
import { type EgressTarget, parseEgress } from '../network/egress';
import { parsePublish, type PortMapping } from '../network/port-spec';
import { parseExpose } from '../util/ports';
import type { ContainerOptions, ContainerSpec } from './spec';

/** What a caller may say about a container's networks. */
export interface NetworkingOptions {
  /** none, host, container:NAME, or networks by name or id; default bridge. The first one is eth0. */
  network?: string | EndpointOptions | (string | EndpointOptions)[];
  /** Of the first network. */
  ip?: string;
  ip6?: string;
  macAddress?: string;
  networkAliases?: string[];
  /** Containers it calls by names of its own: "CONTAINER[:ALIAS]". */
  links?: string[];
  domainname?: string;
  /** Name servers instead of the host's. */
  dns?: string[];
  dnsSearch?: string[];
  dnsOptions?: string[];
  /** "NAME:ADDRESS", where host-gateway stands for the host's address. */
  extraHosts?: string[];
  /** Ports to publish, as -p takes them, e.g. "8080:80", "127.0.0.1::53/udp", or structured. */
  publish?: (string | PortMapping)[];
  /** Publish every exposed port on one of the host's that is free. */
  publishAll?: boolean;
  /** Ports besides the image's, e.g. "80", "8000-8010/udp": shown, and published with `publishAll`. */
  expose?: string[];
  /** Where it may send to: "all" (default), "none", or addresses, networks and names, e.g. "192.0.2.0/24:443,[fd00::7],*.example.org". */
  egress?: string | readonly string[];
}

/** The same, normalised; part of the specification of a container that has any of it. */
export interface Networking {
  /** Bridge networks in the order of eth0, eth1, ... */
  endpoints: EndpointSpec[];
  domainname: string;
  dns: string[];
  dnsSearch: string[];
  dnsOptions: string[];
  extraHosts: string[];
  publish: PortMapping[];
  /** Absent: everywhere. */
  egress?: EgressTarget[];
}

const NOTHING: Networking = { endpoints: [], domainname: '', dns: [], dnsSearch: [], dnsOptions: [], extraHosts: [], publish: [] };

export function networkingOf(spec: ContainerSpec): Networking {
  if (spec.networking !== undefined) return spec.networking;
  return spec.network === 'bridge' ? { ...NOTHING, endpoints: [normaliseEndpoint({ network: 'bridge', ip: spec.ip })] } : NOTHING;
}

/** The container whose network this one shares, by what the user or the specification calls it. */
export function sharedNetworkOf(mode: string): string | undefined {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : undefined;
}

/** The mode (Docker's NetworkMode) and the rest; `networking` is left out where it says nothing. @throws E_INVALID in Docker's words */
export function normaliseNetworking(options: ContainerOptions, imagePorts: string[] = []): Pick<ContainerSpec, 'network' | 'ip' | 'networking' | 'exposedPorts'> {
  const list = [options.network ?? 'bridge'].flat().map((each) => (typeof each === 'string' ? { network: each } : each));
  const wanted = list.length === 0 ? [{ network: 'bridge' }] : list;
  const mode = modeOf(wanted[0]!.network);
  const bridged = mode !== 'none' && mode !== 'host' && sharedNetworkOf(mode) === undefined;
  const { publish, exposedPorts } = normalisePorts(options, imagePorts);
  if (!bridged) {
    refuseConflicts(mode, wanted.length, options);
    return { network: mode, ip: '', exposedPorts, ...rest([], [], options) };
  }
  const endpoints = wanted.map((each, i) => normaliseEndpoint({ ...(i === 0 && ofFirst(options)), ...definedOnly(each), network: modeOf(each.network) }));
  for (const [i, { network }] of endpoints.entries()) {
    if (network === 'none' || network === 'host' || sharedNetworkOf(network) !== undefined) throw exclusive(network);
    if (endpoints.findIndex((other) => other.network === network) !== i) throw new DockerliteError('E_INVALID', `network ${JSON.stringify(network)} is specified multiple times`);
  }
  const plain = endpoints.length === 1 && mode === 'bridge' && endpoints[0]!.mac === '' && endpoints[0]!.links.length === 0;
  return { network: mode, ip: endpoints[0]!.ip, exposedPorts, ...rest(plain ? [] : endpoints, publish, options, endpoints) };
}

function modeOf(network: string): string {
  if (typeof network !== 'string' || network === '' || network.includes('\0')) throw new DockerliteError('E_INVALID', 'no name set for network');
  return network === 'default' ? 'bridge' : network;
}

function ofFirst({ ip, ip6, macAddress, networkAliases, links }: ContainerOptions): Partial<EndpointOptions> {
  return definedOnly({ ip, ip6, mac: macAddress, aliases: networkAliases, links });
}

function definedOnly<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** Left out for a container of the default bridge with nothing to be said about it: most are. */
function rest(telling: EndpointSpec[], publish: PortMapping[], options: ContainerOptions, endpoints = telling): { networking?: Networking } {
  const egress = parseEgress(options.egress ?? 'all');
  const networking: Networking = {
    ...(egress && { egress }),
    endpoints,
    publish,
    domainname: checkDomain(options.domainname ?? ''),
    dns: (options.dns ?? []).map(checkServer),
    dnsSearch: (options.dnsSearch ?? []).map(checkWord),
    dnsOptions: (options.dnsOptions ?? []).map(checkWord),
    extraHosts: (options.extraHosts ?? []).map(checkHost),
  };
  const { dns, dnsSearch, dnsOptions, extraHosts } = networking;
  const silent = [telling, publish, dns, dnsSearch, dnsOptions, extraHosts].every((each) => each.length === 0) && networking.domainname === '';
  return silent && egress === undefined ? {} : { networking };
}

function refuseConflicts(mode: string, count: number, options: ContainerOptions): void {
  if (count > 1) throw exclusive(mode);
  const conflict = (what: string) => new DockerliteError('E_INVALID', `conflicting options: ${what} and the network mode`);
  if ((options.ip ?? options.ip6) !== undefined) throw userNetworksOnly();
  if (options.networkAliases?.length) throw new DockerliteError('E_INVALID', 'network-scoped aliases are only supported for user-defined networks');
  if (options.macAddress !== undefined) throw conflict('mac-address');
  // Without a network there is nothing they could mean.
  if (options.links?.length && mode !== 'none') throw new DockerliteError('E_INVALID', linksRefused(mode));
  if (mode !== 'none' && parseEgress(options.egress ?? 'all') !== undefined) throw conflict('egress');
  if (sharedNetworkOf(mode) === undefined) return;
  if (sharedNetworkOf(mode) === '') throw new DockerliteError('E_INVALID', 'invalid container format container:<name|id>');
  if (options.hostname !== undefined) throw conflict('hostname');
  if (options.domainname !== undefined) throw conflict('domainname');
  if ([options.dns, options.dnsSearch, options.dnsOptions].some((list) => list?.length)) throw conflict('dns');
  if (options.extraHosts?.length) throw conflict('custom host-to-IP mapping');
  const portConflict = (what: string) => new DockerliteError('E_INVALID', `conflicting options: ${what} and the container type network mode`);
  if (options.publish?.length || options.publishAll) throw portConflict('port publishing');
  if (options.expose?.length) throw portConflict('port exposing');
}

function linksRefused(mode: string): string {
  const kind = mode === 'host' ? 'host type networking' : 'container type network';
  return `conflicting options: ${kind} can't be used with links. This would result in undefined behavior`;
}

function normalisePorts({ publish = [], publishAll = false, expose = [] }: ContainerOptions, imagePorts: string[]): { publish: PortMapping[]; exposedPorts: string[] } {
  const mappings = publish.flatMap((each) => (typeof each === 'string' ? parsePublish(each) : [checkMapping(each)]));
  const exposed = new Set([...imagePorts, ...expose].flatMap(parseExpose));
  const published = new Set(mappings.map(({ proto, containerPort }) => `${containerPort}/${proto}`));
  const others = publishAll ? [...exposed].filter((port) => !published.has(port)).flatMap(parsePublish) : [];
  return { publish: [...mappings, ...others], exposedPorts: [...new Set([...exposed, ...published])] };
}

/** @throws E_INVALID for a number that is no port */
function checkMapping(mapping: PortMapping): PortMapping {
  const { hostIp, hostPort, hostPortEnd, containerPort, proto } = mapping;
  const host = hostPort === 0 ? '' : `${hostPort}-${hostPortEnd}`;
  return parsePublish(`${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:${host}:${containerPort}/${proto}`)[0]!;
}

function exclusive(mode: string): DockerliteError {
  const message =
    mode === 'none' ? 'container cannot be connected to multiple networks with one of the networks in private (none) mode' : 'container sharing network namespace with another container or host cannot be connected to any other network';
  return new DockerliteError('E_INVALID', message);
}

/** @throws E_INVALID */
export function checkServer(server: string): string {
  if (isIP(server) !== 0) return server;
  throw new DockerliteError('E_INVALID', `IP address is not correctly formatted: ${server}`);
}

/** A word of resolv.conf: nothing that would begin another line of it. @throws E_INVALID */
export function checkWord(word: string): string {
  if (/^[!-~]{1,255}$/.test(word) && !word.startsWith('#')) return word;
  throw new DockerliteError('E_INVALID', `${JSON.stringify(word)} is not a valid domain or option`);
}

function checkDomain(domain: string): string {
  if (domain === '' || /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9_])?$/.test(domain)) return domain;
  throw new DockerliteError('E_INVALID', `invalid domain name ${JSON.stringify(domain)}`);
}

/** "name:address" or "name=address"; an IPv6 address may have brackets. @throws E_INVALID */
export function checkHost(entry: string): string {
  const [, name = '', address = ''] = /^([^:=]+)[:=](.*)$/.exec(entry) ?? [];
  const plain = address.replace(/^\[(.*)\]$/, '$1');
  if (!/^[!-~]+$/.test(name)) throw new DockerliteError('E_INVALID', `bad format for add-host: ${JSON.stringify(entry)}`);
  if (plain === 'host-gateway' || isIP(plain) !== 0) return `${name}:${plain}`;
  throw new DockerliteError('E_INVALID', `invalid IP address in add-host: ${JSON.stringify(address)}`);
}
