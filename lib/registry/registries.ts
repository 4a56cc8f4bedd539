// SPDX-License-Identifier: Apache-2.0
import { RegistryConnection } from './connection';
import { CredentialStore } from './credentials';
import { type Credentials, DockerConfig } from './docker-config';
import { checkCredentials } from './login';
import type { Descriptor, ParsedManifest } from './manifest';
import { pullScope } from './manifests';
import { pagedList } from './paged-list';
import { PullSource } from './pull-source';
import { canonicalName, DOCKER_HUB, parseRemoteReference, type RemoteReference } from './reference';
import { listReferrers } from './referrers';
import { listCatalog, searchRegistry, type SearchOptions, type SearchResult } from './search';
import { BLOB, CREDENTIALS, REFERENCE, REGISTRIES, SEARCH } from './option-shapes';
import { loadSettings, type RegistryOptions } from './settings';
import { Transport } from './transport';
import { checkSignal } from '../util/aborted';
import { checkShape, NAME, TEXT } from '../util/shape';

export interface LoginResult {
  /** The password is in Docker's config.json, for everybody who can read that file. */
  unencrypted: boolean;
}

/** The registries of the world, as this machine and this user see them. Needs no store. */
export class Registries implements AsyncDisposable {
  private readonly transport: Transport;
  private readonly accounts: CredentialStore;
  private readonly connections = new Map<string, RegistryConnection>();
  private readonly headers: Record<string, string>;

  /** @throws E_INVALID for settings that cannot be understood */
  constructor(options: RegistryOptions = {}) {
    checkShape('options', options, REGISTRIES);
    this.transport = new Transport(loadSettings(options));
    this.accounts = new CredentialStore(new DockerConfig(options.dockerConfig));
    this.headers = this.accounts.config.headers;
  }

  /** Asks whether the registry (default Docker Hub) knows this user, and remembers it as Docker does. @throws E_UNAUTHORIZED */
  async login(host: string, credentials: Credentials, signal?: AbortSignal): Promise<LoginResult> {
    checkShape('registry', host, TEXT);
    checkShape('credentials', credentials, CREDENTIALS);
    for (const part of ['username', 'password'] as const) checkShape(part, credentials[part], TEXT);
    checkSignal(signal);
    const connection = this.connection(host);
    return this.accounts.store(host, await checkCredentials(connection, this.transport, credentials, signal));
  }

  /** Forgets who the user is there; false when it was not known. */
  async logout(host: string): Promise<boolean> {
    checkShape('registry', host, TEXT);
    return this.accounts.erase(host);
  }

  /** Who the user is at a registry. */
  async credentials(host: string): Promise<Credentials | undefined> {
    checkShape('registry', host, TEXT);
    return this.accounts.get(host);
  }

  /** Newest Docker Hub results first; in other registries by name. */
  async search(term: string, options: SearchOptions & { host?: string } = {}): Promise<SearchResult[]> {
    checkShape('term', term, TEXT);
    checkShape('options', options, SEARCH);
    return searchRegistry(this.connection(options.host ?? DOCKER_HUB), term, options);
  }

  /** Repositories of a registry that tells them. */
  catalog(host: string, signal?: AbortSignal): AsyncGenerator<string> {
    checkShape('registry', host, TEXT);
    checkSignal(signal);
    return listCatalog(this.connection(host), signal);
  }

  /** Tags of a repository, in the registry's order. */
  tags(repository: string | RemoteReference, signal?: AbortSignal): AsyncGenerator<string> {
    const reference = toReference(repository);
    checkSignal(signal);
    return pagedList(this.connection(reference.host), `${reference.path}/tags/list?n=1000`, 'tags', [pullScope(reference)], `tags of ${canonicalName(reference)}`, signal);
  }

  /** A manifest or index as the registry has it, verified. */
  async manifest(name: string | RemoteReference, signal?: AbortSignal): Promise<ParsedManifest> {
    const reference = toReference(name);
    checkSignal(signal);
    return this.source(reference).manifest(reference, signal);
  }

  /** A blob of a repository that fits into memory (4 MiB), verified: a configuration. */
  async config(repository: string | RemoteReference, blob: Descriptor, signal?: AbortSignal): Promise<Buffer> {
    checkShape('blob', blob, BLOB);
    checkShape('digest', blob.digest, TEXT);
    checkSignal(signal);
    return this.source(toReference(repository)).config(blob, signal);
  }

  /** What refers to a manifest, see the distribution specification's referrers API. */
  async referrers(name: string | RemoteReference, digest: string, artifactType?: string, signal?: AbortSignal): Promise<Descriptor[]> {
    const reference = toReference(name);
    for (const text of artifactType === undefined ? [digest] : [digest, artifactType]) checkShape('digest or artifact type', text, TEXT);
    checkSignal(signal);
    return listReferrers(this.connection(reference.host), reference, digest, artifactType, signal);
  }

  /** Mirrors first. @internal */
  source(reference: RemoteReference): PullSource {
    const mirrors = this.transport.settings.mirrors(reference.host).map((url) => this.connection(url));
    return new PullSource([...mirrors, this.connection(reference.host)], this.transport, reference);
  }

  /** @internal */
  connection(at: string | URL): RegistryConnection {
    const key = String(at);
    let connection = this.connections.get(key);
    if (connection === undefined) {
      const host = typeof at === 'string' ? at : at.host;
      connection = new RegistryConnection(at, { transport: this.transport, headers: this.headers, credentials: () => this.accounts.get(host) });
      this.connections.set(key, connection);
    }
    return connection;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.connections.clear();
    await this.transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function toReference(name: string | RemoteReference): RemoteReference {
  if (typeof name !== 'object' || name === null) return parseRemoteReference(name);
  checkShape('reference', name, REFERENCE);
  for (const part of ['host', 'path'] as const) checkShape(part, name[part], NAME);
  return name;
}
