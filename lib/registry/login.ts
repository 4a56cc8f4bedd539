// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { parseChallenges } from './challenge';
import type { RegistryConnection } from './connection';
import type { Credentials } from './docker-config';
import { basic, fetchToken } from './token';
import { drain, type Transport } from './transport';

/**
 * Asks a registry whether it knows somebody. Returns what to remember: an identity token instead of the password where its token
 * server gives one. @throws E_UNAUTHORIZED, E_REGISTRY_UNREACHABLE
 */
export async function checkCredentials(connection: RegistryConnection, transport: Transport, credentials: Credentials, signal?: AbortSignal): Promise<Credentials> {
  const base = await connection.base(signal);
  const asked = await transport.send({ method: 'GET', url: base, headers: {}, signal });
  await drain(asked);
  if (asked.status === 200) return credentials;
  const challenges = parseChallenges(asked.headers['www-authenticate']);
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer === undefined) {
    await expectWelcome(transport, base, basic(credentials), signal);
    return credentials;
  }
  const token = await fetchToken(transport, base, { challenge: bearer, scopes: [], credentials, offline: true, signal });
  await expectWelcome(transport, base, `Bearer ${token.value}`, signal);
  return token.refresh === undefined || token.refresh === '' ? credentials : { username: credentials.username, password: '', identityToken: token.refresh };
}

async function expectWelcome(transport: Transport, url: URL, authorization: string, signal?: AbortSignal): Promise<void> {
  const response = await transport.send({ method: 'GET', url, headers: { authorization }, signal });
  await drain(response);
  if (response.status === 200) return;
  const code = response.status === 401 || response.status === 403 ? 'E_UNAUTHORIZED' : 'E_REGISTRY';
  const text = response.status === 401 ? 'unauthorized: incorrect username or password' : `status ${response.status}`;
  throw new DockerliteError(code, `login attempt to ${url.origin}${url.pathname} failed: ${text}`);
}
