// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Archives } from '../debian/archive';
import { machineAccounts } from '../debian/apt-auth';
import { machineConfig } from '../debian/apt-config';
import { type AptSource, machineSources, sourcesFor } from '../debian/apt-sources';
import { PackageIndex } from '../debian/package-index';
import type { Release } from '../debian/release';
import { DockerliteError, invalid } from '../errors';
import { isNamed, parseKeyring, readKeyring, type SigningKey } from '../openpgp/keyring';
import type { Job } from './bootstrap';

/** What a suite consists of here, and the packages in it. */
export interface Suite {
  archives: Archives;
  sources: AptSource[];
  /** Of the first source, which is the suite itself. */
  release: Release;
  index: PackageIndex;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'armhf', ia32: 'i386', ppc64: 'ppc64el', s390x: 's390x', riscv64: 'riscv64' };
const DEBIAN_KEYRINGS = ['/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg'];

/** Reads and verifies everything about a suite but its packages. The caller closes `archives`. */
export async function openSuite({ options, emit, workspace }: Job, archives: Archives, suite: string): Promise<Suite> {
  const { signal, include = [] } = options;
  if (!include.every((name) => /^[a-z0-9][a-z0-9+.-]*$/.test(name))) throw invalid('package name', 'lower-case letters, digits and +.-', include.join(','));
  const { own, sources: wanted } = wantedSources(suite, options);
  // Who names a keyring wants to be sure.
  const sources = wanted.map((source) => ({ ...source, trusted: source.trusted && options.keyring === undefined }));
  const architecture = debianArchitecture();
  const index = new PackageIndex();
  const found: { source: AptSource; release: Release }[] = [];
  for (const source of sources) {
    const unverified = source.trusted ? ', unverified: apt is told to trust it' : '';
    emit({ kind: 'message', id: source.suite, text: `Reading package lists from ${withoutPassword(source.url)}${unverified}` });
    const release = await archives.release(source, keysFor(source, options), signal);
    if (release !== undefined) found.push({ source, release });
    // What was only guessed from the machine's own release need not exist: unstable has no updates.
    else if (own || source === sources[0]) throw noSuite(source);
  }
  for (const { source, release } of found) {
    for (const component of source.components) await archives.packages(source, release, { component, architecture }, index, workspace.path, signal);
  }
  return { archives, sources: found.map(({ source }) => source), release: (found[0] as { release: Release }).release, index };
}

export function makeArchives({ options }: Job): Archives {
  const { aptDirectory, patience } = options;
  return new Archives(machineConfig(aptDirectory), machineAccounts(aptDirectory), patience);
}

function wantedSources(suite: string, { mirror, aptDirectory }: Job['options']): { own: boolean; sources: AptSource[] } {
  if (mirror !== undefined) {
    if (!/^https?:\/\//.test(mirror) || !URL.canParse(mirror)) throw invalid('mirror', 'an http or https URL', mirror);
    return { own: true, sources: [{ url: mirror.endsWith('/') ? mirror : `${mirror}/`, suite, components: ['main'], keyrings: [], fingerprints: [], checkValidUntil: true, trusted: false }] };
  }
  const found = sourcesFor(suite, machineSources(aptDirectory));
  if (found.sources.length > 0) return found;
  throw new DockerliteError('E_NOT_FOUND', 'apt of this machine knows no archive over HTTP', { hint: 'Name one with --mirror.' });
}

function noSuite({ url, suite }: AptSource): DockerliteError {
  return new DockerliteError('E_NOT_FOUND', `${withoutPassword(url)} has no suite ${suite}`, { hint: 'Name another archive with --mirror.' });
}

/** @throws E_NOT_FOUND when there is no key at all */
function keysFor({ keyrings, key, fingerprints, trusted }: AptSource, { keyring, aptDirectory = '/etc/apt' }: Job['options']): SigningKey[] {
  if (trusted) return [];
  if (keyring !== undefined) return readKeyring(keyring);
  if (key !== undefined) return parseKeyring(Buffer.from(key));
  const files = keyrings.length > 0 ? keyrings : [...DEBIAN_KEYRINGS, ...keyringsIn(`${aptDirectory}/trusted.gpg.d`)].filter((path) => existsSync(path));
  if (files.length > 0) return files.flatMap(readKeyring).filter((one) => fingerprints.length === 0 || isNamed(one, fingerprints));
  throw new DockerliteError('E_NOT_FOUND', 'there is no keyring to verify the archive with', { hint: 'apt-get install debian-archive-keyring, or name one with --keyring.' });
}

function keyringsIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /\.(?:gpg|asc)$/.test(name))
    .map((name) => `${directory}/${name}`);
}

/** The machine's own. @throws E_UNSUPPORTED */
function debianArchitecture(): string {
  const name = ARCHITECTURES[process.arch];
  if (name === undefined) throw new DockerliteError('E_UNSUPPORTED', `Debian is not built for ${process.arch}`);
  return name;
}

/** The suite that this machine itself is, for packages of it. */
export function machineSuite(): string {
  const suite = /^VERSION_CODENAME="?([a-z]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (suite === undefined) throw new DockerliteError('E_NOT_FOUND', '/etc/os-release names no VERSION_CODENAME');
  return suite;
}

export function withoutPassword(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}`;
}
