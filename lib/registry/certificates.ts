// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerliteError } from '../errors';

export interface TlsFiles {
  /** Reads them. */
  ca(): string[];
  /** Client certificates and their keys, in pairs. */
  cert: string[];
  key: string[];
}

const SYSTEM_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/**
 * What Docker reads in certs.d/HOST[:PORT]: `*.crt` are authorities beside the system's, `*.cert` with its `*.key` is who we
 * are. @throws E_INVALID when a pair is not complete
 */
export function certificatesFor(host: string, directories: readonly string[]): TlsFiles {
  const own: string[] = [];
  const files: TlsFiles = { ca: () => [...systemAuthorities(), ...own.map((path) => readFileSync(path, 'utf8'))], cert: [], key: [] };
  for (const directory of directories) {
    for (const name of names(join(directory, host))) {
      const path = join(directory, host, name);
      if (name.endsWith('.crt')) own.push(path);
      if (name.endsWith('.cert')) {
        files.cert.push(readFileSync(path, 'utf8'));
        files.key.push(read(path.replace(/cert$/, 'key'), `missing key for client certificate ${name}`));
      }
    }
  }
  return files;
}

/** Whether somebody said whose word counts for this registry. */
export function hasOwnAuthority(host: string, directories: readonly string[]): boolean {
  return directories.some((directory) => names(join(directory, host)).some((name) => name.endsWith('.crt')));
}

let system: string[] | undefined;

/** The machine's own authorities as other programs see them; Node's built-in list where there is none. */
function systemAuthorities(): string[] {
  if (system !== undefined) return system;
  try {
    system = [readFileSync(process.env['SSL_CERT_FILE'] || SYSTEM_BUNDLE, 'utf8')];
  } catch {
    system = [...(require('node:tls') as typeof import('node:tls')).rootCertificates];
  }
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (extra !== undefined && extra !== '') system.push(read(extra, 'NODE_EXTRA_CA_CERTS'));
  return system;
}

function names(directory: string): string[] {
  // A host is no path: the grammar of references has no `..`, mirrors and redirects have URLs' hosts.
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DockerliteError('E_INVALID', `${what}: ${(error as Error).message}`, { path, cause: error });
  }
}
