// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { DockerliteError } from '../errors';
import type { TlsSettings } from '../registry/settings';
import { type AptConfig, isFalse } from './apt-config';

/** How apt would see to encrypted connections to a host, apt-transport-https(1). @throws E_INVALID for a file that cannot be read */
export function aptTls(config: AptConfig, { hostname }: URL): TlsSettings {
  // The manual has the host behind the option, the program looks for it before.
  const value = (name: string) => [`${hostname}::${name}`, `${name}::${hostname}`, name].map((key) => config.get(`acquire::https::${key}`)).find((one) => one !== undefined && one !== '');
  const file = (name: string): string | undefined => {
    const path = value(name);
    return path === undefined ? undefined : read(path, `Acquire::https::${name}`);
  };
  const [ca, cert] = [file('cainfo'), file('sslcert')];
  return {
    ...(ca !== undefined && { ca: [ca] }),
    // Both may be in one file.
    ...(cert !== undefined && { cert: [cert], key: [file('sslkey') ?? cert] }),
    ...(isFalse(value('verify-peer')) && { rejectUnauthorized: false }),
    ...(isFalse(value('verify-host')) && { checkServerIdentity: () => undefined }),
  };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DockerliteError('E_INVALID', `apt's ${what}: ${(error as Error).message}`, { path, cause: error });
  }
}
