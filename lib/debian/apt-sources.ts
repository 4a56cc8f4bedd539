// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { namesIn, textOf } from '../util/optional-files';
import { isFalse, isTrue } from './apt-config';
import { parseParagraphs, words } from './paragraph';

/** One suite of one archive. */
export interface AptSource {
  /** URL of the archive's root, with a slash at its end; may hold a name and a password. */
  url: string;
  suite: string;
  components: string[];
  /** Keyring files; empty: apt's own. */
  keyrings: string[];
  /** Of the keys in them that count, 40 hex digits; with `!` not the keys below it. Empty: all. */
  fingerprints: string[];
  /** An armoured key instead of a file. */
  key?: string;
  checkValidUntil: boolean;
  /** Taken as it is, whoever signed it. */
  trusted: boolean;
}

/** What apt of this machine is told, in its order: sources.list, then sources.list.d. What is not HTTP is left out. */
export function machineSources(directory = '/etc/apt'): AptSource[] {
  const parts = namesIn(join(directory, 'sources.list.d')).map((name) => join(directory, 'sources.list.d', name));
  const files = [join(directory, 'sources.list'), ...parts];
  const all = files.flatMap((file) => {
    const text = textOf(file);
    if (file.endsWith('.list')) return text.split('\n').flatMap(parseLine);
    return file.endsWith('.sources') ? parseParagraphs(text).flatMap(parseDeb822) : [];
  });
  return all.filter(({ url }) => /^https?:\/\//.test(url) && URL.canParse(url));
}

function parseLine(line: string): AptSource[] {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
  if (match === null) return [];
  const [, options = '', url = '', suite = '', components = ''] = match;
  const option = (name: string) => words(options).find((word) => word.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  return [source({ url, suite, components, signedBy: option('signed-by')?.split(',').join(' '), checkValidUntil: option('check-valid-until'), trusted: option('trusted') })];
}

function parseDeb822(fields: ReadonlyMap<string, string>): AptSource[] {
  if (fields.get('enabled')?.toLowerCase() === 'no' || !words(fields.get('types')).includes('deb')) return [];
  const components = fields.get('components') ?? '';
  const [signedBy, checkValidUntil, trusted] = ['signed-by', 'check-valid-until', 'trusted'].map((name) => fields.get(name));
  return words(fields.get('uris')).flatMap((url) => words(fields.get('suites')).map((suite) => source({ url, suite, components, signedBy, checkValidUntil, trusted })));
}

interface Written {
  url: string;
  suite: string;
  components: string;
  signedBy: string | undefined;
  checkValidUntil: string | undefined;
  trusted: string | undefined;
}

function source({ url, suite, components, signedBy = '', checkValidUntil, trusted = '' }: Written): AptSource {
  const isKey = signedBy.includes('BEGIN PGP PUBLIC KEY BLOCK');
  return {
    url: url.endsWith('/') ? url : `${url}/`,
    suite,
    components: words(components),
    keyrings: isKey ? [] : words(signedBy).filter((word) => word.startsWith('/')),
    fingerprints: isKey ? [] : words(signedBy).filter((word) => !word.startsWith('/')),
    // A line with a dot is an empty one.
    ...(isKey && { key: signedBy.replace(/^\.$/gm, '') }),
    checkValidUntil: !isFalse(checkValidUntil),
    trusted: isTrue(trusted),
  };
}

/** Those that describe a suite of Debian: the machine's own, else its release's sources with this suite in its place. */
export function sourcesFor(suite: string, sources: readonly AptSource[]): { own: boolean; sources: AptSource[] } {
  const wanted = sources.filter((one) => baseOf(one.suite) === suite && isUsual(one.suite));
  if (wanted.length > 0) return { own: true, sources: wanted };
  const first = sources.find((one) => one.components.includes('main') && baseOf(one.suite) === one.suite);
  const siblings = sources.filter((one) => first !== undefined && baseOf(one.suite) === first.suite && isUsual(one.suite));
  return { own: false, sources: siblings.map((one) => ({ ...one, suite: suite + one.suite.slice((first as AptSource).suite.length) })) };
}

/** `trixie` of `trixie-updates`. */
function baseOf(suite: string): string {
  return suite.replace(/-(?:updates|security)$/, '');
}

function isUsual(suite: string): boolean {
  return !/backports|proposed|debug/.test(suite);
}
