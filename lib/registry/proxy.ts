// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { familyOf, hostName, isLoopback, networkOf } from './hosts';

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
  if (isLoopback(url.host)) return true;
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry.toLowerCase(), name, port));
}

function matches(entry: string, name: string, port: string): boolean {
  if (entry === '*') return true;
  const network = networkOf(entry);
  if (network !== undefined) return network(name);
  const withPort = /^(.*[^:]|\[.*\]):(\d+)$/.exec(entry);
  if (withPort !== null && familyOf(entry) === 0) return withPort[2] === port && matches(withPort[1] as string, name, port);
  if (entry.startsWith('*.')) return name.endsWith(entry.slice(1));
  if (entry.startsWith('.')) return name.endsWith(entry);
  const plain = entry.replace(/^\[|\]$/g, '');
  return name === plain || (familyOf(name) === 0 && name.endsWith(`.${plain}`));
}
