// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { CredentialHelper } from './credential-helper';
import { type Credentials, DockerConfig } from './docker-config';
import { isObject } from './manifest';
import { DOCKER_HUB } from './reference';

/** Under this key Docker keeps what is for Docker Hub. */
export const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** Who the user is at each registry: Docker's config.json and the credential helpers it names. */
export class CredentialStore {
  constructor(readonly config = new DockerConfig()) {}

  /** undefined: nobody in particular. */
  async get(host: string): Promise<Credentials | undefined> {
    const key = serverKey(host);
    const helper = this.helper(key);
    const kept = helper === undefined ? undefined : await helper.get(key);
    return kept ?? this.fromFile(key);
  }

  async store(host: string, credentials: Credentials): Promise<{ unencrypted: boolean }> {
    const key = serverKey(host);
    const helper = this.helper(key);
    if (helper !== undefined) await helper.store(key, credentials);
    this.config.update((config) => {
      // With a helper the empty entry says that there is something to ask it for.
      config.auths = { ...config.auths, [key]: helper === undefined ? encode(credentials) : {} };
    });
    return { unencrypted: helper === undefined };
  }

  /** Whether there was something to forget. */
  async erase(host: string): Promise<boolean> {
    const key = serverKey(host);
    const helper = this.helper(key);
    const names = this.spellings(key);
    const known = helper === undefined ? false : (await helper.get(key)) !== undefined;
    if (helper !== undefined && known) await helper.erase(key);
    if (names.length === 0) return known;
    this.config.update((config) => {
      config.auths = Object.fromEntries(Object.entries(config.auths ?? {}).filter(([name]) => !names.includes(name)));
    });
    return true;
  }

  private helper(key: string): CredentialHelper | undefined {
    const { credHelpers, credsStore } = this.config.read();
    const name = credHelpers !== undefined && Object.hasOwn(credHelpers, key) ? credHelpers[key] : credsStore;
    return typeof name === 'string' && name !== '' ? new CredentialHelper(name) : undefined;
  }

  private fromFile(key: string): Credentials | undefined {
    const { auths } = this.config.read();
    for (const name of this.spellings(key)) {
      const entry = auths?.[name];
      const credentials = isObject(entry) ? decode(entry, name) : undefined;
      if (credentials !== undefined) return credentials;
    }
    return undefined;
  }

  /** Entries of the file that mean this registry: itself first, then as older clients wrote it, with scheme and path. */
  private spellings(key: string): string[] {
    const names = Object.keys(this.config.read().auths ?? {});
    const host = hostOf(key);
    return [...names.filter((name) => name === key), ...names.filter((name) => name !== key && hostOf(name) === host)];
  }
}

/** Under which a registry is kept: `host[:port]`, Docker Hub under the URL of its first version. */
export function serverKey(host: string): string {
  const name = hostOf(host);
  return [DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'].includes(name) ? DOCKER_HUB_KEY : name;
}

function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
}

function encode({ username, password, identityToken }: Credentials): Record<string, string> {
  const pair = Buffer.from(`${username}:${identityToken === undefined ? password : ''}`).toString('base64');
  return { auth: pair, ...(identityToken !== undefined && { identitytoken: identityToken }) };
}

function decode(entry: Record<string, unknown>, name: string): Credentials | undefined {
  const text = (key: string) => (typeof entry[key] === 'string' ? (entry[key] as string) : '');
  let username = text('username');
  let password = text('password');
  if (text('auth') !== '') {
    const pair = Buffer.from(text('auth'), 'base64').toString();
    const colon = pair.indexOf(':');
    if (colon < 0) throw new DockerliteError('E_INVALID', `invalid auth configuration file: the entry of ${name} is not base64 of NAME:PASSWORD`);
    username = pair.slice(0, colon);
    // Older clients padded it with NULs.
    password = pair.slice(colon + 1).replace(/\0+$/, '');
  }
  const identityToken = text('identitytoken');
  const registryToken = text('registrytoken');
  if (username === '' && password === '' && identityToken === '' && registryToken === '') return undefined;
  return { username, password, ...(identityToken !== '' && { identityToken }), ...(registryToken !== '' && { registryToken }) };
}
