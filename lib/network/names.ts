// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { parseIpv4 } from './ipv4';

/** What a container finds in /etc. */
export interface NameFiles {
  hosts: string;
  hostname: string;
  resolvConf: string;
}

/** What they are made of. */
export interface NameOptions {
  /** none, host, or anything else for bridges. */
  mode: string;
  hostname: string;
  domainname: string;
  /** The container's own. */
  addresses: string[];
  /** Name and address. */
  extraHosts: [name: string, address: string][];
  /** Are names answered by the container's supervisor? */
  resolver: boolean;
  /** Name servers, domains and options instead of the host's. */
  dns: string[];
  dnsSearch: string[];
  dnsOptions: string[];
}

/** Where the supervisor answers, as Docker's daemon does. */
export const RESOLVER = '127.0.0.11';

const LOCAL_HOSTS = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'ff00::0\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** Where systemd-resolved writes the servers it forwards to; /etc/resolv.conf then names only its own on the loopback. */
const RESOLVED_UPSTREAM = '/run/systemd/resolve/resolv.conf';

export function nameFiles(options: NameOptions): NameFiles {
  const name = options.domainname === '' ? options.hostname : `${options.hostname}.${options.domainname}`;
  const own = hostsFile(name, options.addresses);
  const hosts = options.mode === 'host' ? readOr('/etc/hosts', own) : own;
  const extra = options.extraHosts.map(([host, address]) => `${address}\t${host}\n`).join('');
  return { hosts: hosts + extra, hostname: `${options.hostname}\n`, resolvConf: resolvConf(options) };
}

/** Docker's /etc/hosts: the machine's own names and, with addresses, the container's. */
export function hostsFile(hostname: string, addresses: string[] = []): string {
  const short = hostname.split('.')[0]!;
  const names = short === hostname ? hostname : `${hostname} ${short}`;
  return [...LOCAL_HOSTS, ...addresses.map((ip) => `${ip}\t${names}`), ''].join('\n');
}

function resolvConf({ mode, resolver, dns, dnsSearch, dnsOptions }: NameOptions): string {
  const host = resolver ? readOr('/etc/resolv.conf', '') : hostResolvConf(mode);
  const servers = resolver ? [RESOLVER] : dns;
  const changes = { nameserver: servers, search: dnsSearch, options: dnsOptions };
  if (!resolver && Object.values(changes).every((list) => list.length === 0)) return host;
  const options = dnsOptions.length > 0 ? dnsOptions : wordsOf(host, 'options');
  // Names of containers have no dots: they are asked for as they are.
  const defaults = resolver && !options.some((word) => word.startsWith('ndots:')) ? ['ndots:0'] : [];
  const search = dnsSearch.length > 0 ? dnsSearch : wordsOf(host, 'search');
  const lines = [
    ...(servers.length > 0 ? servers : wordsOf(host, 'nameserver')).map((server) => `nameserver ${server}`),
    ...(search.length > 0 && search[0] !== '.' ? [`search ${search.join(' ')}`] : []),
    ...(options.length + defaults.length > 0 ? [`options ${[...options, ...defaults].join(' ')}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The words after a keyword of resolv.conf, of all its lines. */
function wordsOf(text: string, keyword: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [first, ...words] = line.trim().split(/\s+/);
    return first === keyword ? words : [];
  });
}

/** The host's resolver configuration as this mode can use it. */
export function hostResolvConf(mode: string): string {
  const own = readOr('/etc/resolv.conf', '');
  if (mode === 'host') return own;
  const reachable = reachableResolvConf(own);
  return hasServer(reachable) || !hasServer(own) ? reachable : reachableResolvConf(readOr(RESOLVED_UPSTREAM, own));
}

/**
 * resolv.conf without the servers a container on the bridge cannot reach: those on the host's loopback, and IPv6 ones, as
 * the bridge is IPv4. When none is left, none is named: unlike Docker's 8.8.8.8, nobody is asked whom the user has not
 * chosen.
 */
export function reachableResolvConf(text: string): string {
  const lines = text.split('\n').filter((line) => {
    const server = serverOf(line);
    return server === undefined || (parseIpv4(server) !== undefined && !/^(127|0)\./.test(server));
  });
  const kept = lines.join('\n').trimEnd();
  return kept === '' ? '' : `${kept}\n`;
}

function hasServer(text: string): boolean {
  return text.split('\n').some((line) => serverOf(line) !== undefined);
}

function serverOf(line: string): string | undefined {
  return /^\s*nameserver\s+(\S+)/.exec(line)?.[1];
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
