// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { failure, readJson } from './answers';
import type { Challenge } from './challenge';
import type { Credentials } from './docker-config';
import { redirectTarget, type HttpResponse, type Transport } from './transport';

/** Bytes; tokens are signed lists of rights. */
const LARGEST_ANSWER = 1024 ** 2;
const CLIENT = 'dockerlite';

export interface Token {
  value: string;
  /** ms since the epoch. */
  expires: number;
  /** For the next time instead of a password, when it was asked for. */
  refresh?: string;
}

export interface TokenRequest {
  challenge: Challenge;
  scopes: readonly string[];
  credentials: Credentials | undefined;
  /** Ask for a refresh token too: at login. */
  offline?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Gets a bearer token from the server that a registry's challenge names: by GET with name and password (distribution's token
 * specification), by POST with an identity token (its OAuth2 specification).
 * @throws E_UNAUTHORIZED, E_REGISTRY, E_REGISTRY_UNREACHABLE
 */
export async function fetchToken(transport: Transport, registry: URL, request: TokenRequest): Promise<Token> {
  const realm = tokenServer(registry, request.challenge);
  const identity = request.credentials?.identityToken;
  const response = identity === undefined ? await byGet(transport, realm, request) : await byPost(transport, realm, request, identity);
  const what = `token server ${realm.host}`;
  if (response.status !== 200) throw await refused(response, what);
  const answer = await readJson(response, LARGEST_ANSWER, what);
  const value = answer['token'] || answer['access_token'];
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw new DockerliteError('E_REGISTRY', `${what}: its answer has no token`);
  return { value, expires: expiry(answer['expires_in']), ...(typeof answer['refresh_token'] === 'string' && { refresh: answer['refresh_token'] }) };
}

/** Passwords go there, so it has to be as well protected as the registry. */
function tokenServer(registry: URL, { parameters }: Challenge): URL {
  const { realm } = parameters;
  if (realm === undefined || !URL.canParse(realm)) throw new DockerliteError('E_REGISTRY', `${registry.host}: no token server in its challenge`);
  return redirectTarget(registry, realm);
}

function byGet(transport: Transport, realm: URL, { challenge, scopes, credentials, offline, signal }: TokenRequest): Promise<HttpResponse> {
  const url = new URL(realm);
  const { service } = challenge.parameters;
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const headers: Record<string, string> = {};
  if (credentials !== undefined) {
    url.searchParams.set('account', credentials.username);
    headers['authorization'] = basic(credentials);
  }
  if (offline === true) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', CLIENT);
  }
  return transport.send({ method: 'GET', url, headers, signal });
}

function byPost(transport: Transport, url: URL, { challenge, scopes, signal }: TokenRequest, identity: string): Promise<HttpResponse> {
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: identity, client_id: CLIENT, service: challenge.parameters['service'] ?? '' });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const body = Buffer.from(form.toString());
  return transport.send({ method: 'POST', url, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: () => body, signal });
}

async function refused(response: HttpResponse, what: string): Promise<DockerliteError> {
  const { status } = response;
  const error = await failure(response, what);
  if (status !== 401 && status !== 403) return error;
  return new DockerliteError('E_UNAUTHORIZED', 'unauthorized: incorrect username or password', { cause: error });
}

export function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The specification's 60 s when nothing is said; a little early, for the way there. */
function expiry(seconds: unknown): number {
  const life = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, 24 * 3600) : 60;
  return Date.now() + life * 900;
}
