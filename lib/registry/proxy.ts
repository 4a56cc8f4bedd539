// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net';
import { DockerliteError } from '../errors';
import { hostName } from './settings';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy the environment names for a URL, by the rules that curl and Go's programs follow. @throws E_INVALID */
export function proxyFor(url: URL, environment: Environment = process.env): URL | undefined {
  const of = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined;
  const text = url.protocol === 'https:' ? of('HTTPS_PROXY') : of('HTTP_PROXY');
  if (text === undefined || isExcluded(url, of('NO_PROXY') ?? '')) return undefined;
  const proxy = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) {
    throw new DockerliteError('E_INVALID', 'the proxy in the environment is not an http or https URL', { hint: 'See HTTPS_PROXY and HTTP_PROXY.' });
  }
  return new URL(proxy);
}

/** The machine itself is never asked for through a proxy. */
function isExcluded(url: URL, list: string): boolean {
  const name = hostName(url.host);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)) return true;
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry.toLowerCase(), name, port));
}

function matches(entry: string, name: string, port: string): boolean {
  if (entry === '*') return true;
  const cidr = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (cidr !== null && isIP(cidr[1] as string) !== 0) return inSubnet(cidr[1] as string, Number(cidr[2]), name);
  const withPort = /^(.*[^:]|\[.*\]):(\d+)$/.exec(entry);
  if (withPort !== null && isIP(entry) === 0) return withPort[2] === port && matches(withPort[1] as string, name, port);
  if (entry.startsWith('*.')) return name.endsWith(entry.slice(1));
  if (entry.startsWith('.')) return name.endsWith(entry);
  const plain = entry.replace(/^\[|\]$/g, '');
  return name === plain || (isIP(name) === 0 && name.endsWith(`.${plain}`));
}

function inSubnet(network: string, bits: number, name: string): boolean {
  const family = isIP(network);
  if (isIP(name) !== family || bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(network, bits, type);
  return block.check(name, type);
}
