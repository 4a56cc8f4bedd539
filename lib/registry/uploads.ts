// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { failure } from './answers';
import { uploadChunks } from './chunked-upload';
import type { RegistryConnection } from './connection';
import type { Digest } from './digest';
import { pullScope, pushScope } from './manifests';
import type { RemoteReference } from './reference';
import { drain, header, type HttpResponse } from './transport';

/** Bytes; a blob up to this goes in one request, more of it in pieces that can be repeated one by one. */
export const CHUNK = 64 * 1024 ** 2;

export interface Blob {
  digest: Digest;
  size: number;
  /** Its bytes from one offset to another. A piece may be another one as soon as the next is asked for. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}

/** One that is in memory. */
export function bytesBlob(digest: Digest, bytes: Uint8Array): Blob {
  return {
    digest,
    size: bytes.length,
    async *read(from, to) {
      yield bytes.subarray(from, to);
    },
  };
}

export interface UploadOptions {
  /** It is not looked for: nobody can have it yet. */
  isNew?: boolean;
  /** Repositories of the same registry that may have it. */
  mountFrom?: readonly string[];
  chunk?: number;
  signal?: AbortSignal | undefined;
  onProgress?: (bytes: number) => void;
}

export type UploadResult = { how: 'exists' | 'uploaded' } | { how: 'mounted'; from: string };

/** Sees to it that a repository has a blob. @throws E_UNAUTHORIZED, E_REGISTRY, E_REGISTRY_UNREACHABLE, E_ABORTED */
export async function pushBlob(connection: RegistryConnection, repository: RemoteReference, blob: Blob, options: UploadOptions = {}): Promise<UploadResult> {
  const isNew = options.isNew === true;
  if (!isNew && (await hasBlob(connection, repository, blob.digest, options.signal))) return { how: 'exists' };
  let session: URL | undefined;
  for (const from of (isNew ? undefined : options.mountFrom) ?? []) {
    const mounted = await mount(connection, repository, blob.digest, from, options.signal);
    if (mounted === true) return { how: 'mounted', from };
    // Where a mount is refused an upload has begun.
    session = mounted ?? session;
  }
  const upload = new Upload(connection, repository, blob, options);
  await upload.run(session);
  return { how: 'uploaded' };
}

export async function hasBlob(connection: RegistryConnection, repository: RemoteReference, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  const response = await connection.request(`${repository.path}/blobs/${digest}`, { method: 'HEAD', scopes: [pushScope(repository)], signal });
  await drain(response);
  if (response.status === 200) return true;
  if (response.status === 404) return false;
  throw await pushFailure(response, repository);
}

async function mount(connection: RegistryConnection, repository: RemoteReference, digest: Digest, from: string, signal?: AbortSignal): Promise<true | URL | undefined> {
  const query = new URLSearchParams({ mount: digest, from });
  const scopes = [pushScope(repository), pullScope({ host: repository.host, path: from })];
  const response = await connection.request(`${repository.path}/blobs/uploads/?${query}`, { method: 'POST', scopes, signal });
  await drain(response);
  if (response.status === 201) return true;
  return response.status === 202 ? uploadLocation(response) : undefined;
}

/** Where the next request of an upload goes; registries change it with every answer. @throws E_REGISTRY */
export function uploadLocation(response: HttpResponse): URL {
  const location = header(response, 'location');
  if (location !== undefined && URL.canParse(location, response.url.href)) {
    const url = new URL(location, response.url);
    const downgrade = response.url.protocol === 'https:' && url.protocol === 'http:';
    // A registry behind a proxy that ends TLS often does not know that it is reached by https.
    if (downgrade && url.hostname === response.url.hostname) return new URL(url.pathname + url.search, response.url);
    if (/^https?:$/.test(url.protocol) && !downgrade) return url;
  }
  throw new DockerliteError('E_REGISTRY', `${response.url.host}: no usable location for an upload: ${JSON.stringify(location?.slice(0, 200))}`);
}

export async function pushFailure(response: HttpResponse, { path }: RemoteReference): Promise<DockerliteError> {
  const denied = response.status === 401 || response.status === 403;
  const error = await failure(response, denied ? `push access denied for ${path}` : `pushing to ${path}`);
  if (!denied) return error;
  return new DockerliteError('E_UNAUTHORIZED', error.message, { hint: 'Log in with `dockerlite login`, or push to a repository of your own.' });
}

class Upload {
  constructor(
    private readonly connection: RegistryConnection,
    private readonly repository: RemoteReference,
    private readonly blob: Blob,
    private readonly options: UploadOptions,
  ) {}

  async run(session: URL | undefined): Promise<void> {
    const { blob, options } = this;
    const chunk = options.chunk ?? CHUNK;
    if (blob.size > chunk) {
      const end = await uploadChunks(this.connection, session ?? (await this.begin()), blob, { ...options, chunk, scopes: this.scopes });
      if (end !== undefined) return this.finish(end);
      session = undefined;
    }
    await this.inOne(session);
  }

  private get scopes(): string[] {
    return [pushScope(this.repository)];
  }

  private async begin(): Promise<URL> {
    const { scopes, options, repository } = this;
    const response = await this.connection.request(`${repository.path}/blobs/uploads/`, { method: 'POST', scopes, signal: options.signal });
    if (response.status !== 202) throw await pushFailure(response, repository);
    await drain(response);
    return uploadLocation(response);
  }

  private async finish(location: URL): Promise<void> {
    const response = await this.put(location, undefined, 0);
    if (response.status !== 201 && response.status !== 204) throw await pushFailure(response, this.repository);
    await drain(response);
  }

  /** One PUT with everything; a session that broke is of no more use, so each attempt has its own. */
  private async inOne(session: URL | undefined): Promise<void> {
    const { blob, options } = this;
    const { attempts } = this.connection.patience;
    for (let attempt = 1; ; attempt++) {
      const location = session ?? (await this.begin());
      session = undefined;
      try {
        const response = await this.put(location, () => counted(blob.read(0, blob.size), 0, options.onProgress), blob.size);
        if (response.status === 201 || response.status === 204) return await drain(response);
        const error = await pushFailure(response, this.repository);
        if (attempt >= attempts || response.status < 500) throw error;
      } catch (error) {
        if (attempt >= attempts || !(error instanceof DockerliteError) || error.code !== 'E_REGISTRY_UNREACHABLE') throw error;
      }
      await this.connection.rest(attempt, options.signal);
    }
  }

  private put(location: URL, body: (() => AsyncIterable<Uint8Array>) | undefined, length: number): Promise<HttpResponse> {
    const url = new URL(location);
    url.searchParams.set('digest', this.blob.digest);
    return this.connection.request(url, {
      method: 'PUT',
      headers: { 'content-length': String(length), 'content-type': 'application/octet-stream' },
      ...(body !== undefined && { body }),
      scopes: this.scopes,
      signal: this.options.signal,
      retry: body === undefined,
    });
  }
}

/** Tells how many bytes of a blob have been sent. */
export async function* counted(pieces: AsyncIterable<Uint8Array>, from: number, onProgress: ((bytes: number) => void) | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  let at = from;
  for await (const piece of pieces) {
    at += piece.length;
    yield piece;
    onProgress?.(at);
  }
}
