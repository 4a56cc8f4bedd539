// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { parseIpv4 } from './ipv4';

export type NetworkMode = 'none' | 'bridge' | 'host';

/** What a container finds in /etc. */
export interface NameFiles {
  hosts: string;
  hostname: string;
  resolvConf: string;
}

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

export function nameFiles(mode: NetworkMode, hostname: string, ip = ''): NameFiles {
  return { hosts: mode === 'host' ? readOr('/etc/hosts', hostsFile(hostname)) : hostsFile(hostname, ip), hostname: `${hostname}\n`, resolvConf: hostResolvConf(mode) };
}

/** Docker's /etc/hosts: the machine's own names and, with an address, the container's. */
export function hostsFile(hostname: string, ip = ''): string {
  const short = hostname.split('.')[0]!;
  const names = short === hostname ? hostname : `${hostname} ${short}`;
  return [...LOCAL_HOSTS, ...(ip === '' ? [] : [`${ip}\t${names}`]), ''].join('\n');
}

/** The host's resolver configuration as this mode can use it. */
export function hostResolvConf(mode: NetworkMode): string {
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
