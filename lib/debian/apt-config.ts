// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { namesIn, textOf } from '../util/optional-files';

/** The scalar settings of apt.conf(5), by their full names in lower case: `acquire::http::proxy`. Later ones win. */
export type AptConfig = ReadonlyMap<string, string>;

/** What apt reads: the parts in alphabetical order, then apt.conf. A file that cannot be read says nothing. */
export function machineConfig(directory = '/etc/apt'): AptConfig {
  const parts = namesIn(join(directory, 'apt.conf.d')).filter((name) => /^[\w.-]+$/.test(name) && (!name.includes('.') || name.endsWith('.conf')));
  const files = [...parts.map((name) => join(directory, 'apt.conf.d', name)), join(directory, 'apt.conf')];
  const config = new Map<string, string>();
  for (const file of files) parseConfig(textOf(file), config);
  return config;
}

/** `Name "value";` and `Name { … };` nested in one another; comments of C, C++ and shells. */
export function parseConfig(text: string, config: Map<string, string>): void {
  const scopes: string[][] = [];
  let name: string[] = [];
  for (const [token] of text.matchAll(/\/\*[^]*?\*\/|\/\/.*|#.*|"[^"\n]*"|[{};]|[^\s{};"]+/g)) {
    if (/^(?:\/\/|\/\*|#)/.test(token)) continue;
    if (token === '{') {
      scopes.push(name);
      name = [];
    } else if (token === '}') {
      scopes.pop();
      name = [];
    } else if (token === ';') {
      name = [];
    } else if (token.startsWith('"') || name.length > 0) {
      const key = [...scopes.flat(), ...name].join('::').toLowerCase();
      config.set(key, token.replace(/^"|"$/g, ''));
    } else {
      name = [token];
    }
  }
}

export function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:yes|true|with|on|enable|1)$/i.test(value);
}

export function isFalse(value: string | undefined): boolean {
  return value !== undefined && /^(?:no|false|without|off|disable|0)$/i.test(value);
}

/** The proxy apt would use for a URL: of the host, else of the scheme; undefined when it says nothing, null for none. */
export function aptProxy(config: AptConfig, url: URL): URL | null | undefined {
  const scheme = url.protocol.replace(':', '');
  const value = config.get(`acquire::${scheme}::proxy::${url.hostname}`) ?? config.get(`acquire::${scheme}::proxy`);
  if (value === undefined || value === '') return undefined;
  if (/^(?:direct|false)$/i.test(value)) return null;
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? new URL(value) : undefined;
}
