// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { type Challenge, parseChallenges } from './challenge';
import type { Credentials } from './docker-config';
import { basic, fetchToken, type Token } from './token';
import type { HttpResponse, Transport } from './transport';

/** Who asks one registry: remembers its challenge, and a token for each set of scopes. */
export class Authorizer {
  private challenge: Challenge | undefined;
  private readonly tokens = new Map<string, Promise<Token>>();
  /** What the registry asked for beyond what we thought would do. */
  private readonly extraScopes = new Set<string>();
  private known: Promise<Credentials | undefined> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly credentials: () => Promise<Credentials | undefined>,
  ) {}

  /** The Authorization header; undefined while the registry has not asked for one. @throws E_UNAUTHORIZED and what tokens need */
  async header(registry: URL, scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    const challenge = this.challenge;
    if (challenge === undefined) return undefined;
    const credentials = await this.who();
    if (credentials?.registryToken !== undefined) return `Bearer ${credentials.registryToken}`;
    if (challenge.scheme === 'basic') {
      if (credentials === undefined) throw new DockerliteError('E_UNAUTHORIZED', 'no basic auth credentials', { hint: `Log in with \`dockerlite login ${registry.host}\`.` });
      return basic(credentials);
    }
    const wanted = [...new Set([...scopes, ...this.extraScopes])].sort();
    return `Bearer ${(await this.token(registry, challenge, wanted, signal)).value}`;
  }

  /** Learns from a 401; whether asking once more can help. `sent` is the header the request had. */
  learn(response: HttpResponse, sent: string | undefined): boolean {
    const challenges = parseChallenges(response.headers['www-authenticate']);
    const challenge = challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic');
    if (challenge === undefined) return false;
    const first = this.challenge === undefined;
    this.challenge = challenge;
    if (first || sent === undefined) return true;
    if (challenge.scheme !== 'bearer') return false;
    // Expired, or not enough.
    this.tokens.clear();
    const { scope, error } = challenge.parameters;
    if (scope !== undefined && error === 'insufficient_scope') for (const one of scope.split(/\s+/)) this.extraScopes.add(one);
    return true;
  }

  private who(): Promise<Credentials | undefined> {
    this.known ??= this.credentials();
    return this.known;
  }

  /** Many requests at once need one token. */
  private async token(registry: URL, challenge: Challenge, scopes: readonly string[], signal?: AbortSignal): Promise<Token> {
    const key = scopes.join(' ');
    const kept = this.tokens.get(key);
    if (kept !== undefined && (await kept).expires > Date.now()) return kept;
    const fetched = this.who().then((credentials) => fetchToken(this.transport, registry, { challenge, scopes, credentials, signal }));
    this.tokens.set(key, fetched);
    // What failed once is asked for again.
    fetched.catch(() => this.tokens.delete(key));
    return fetched;
  }
}
