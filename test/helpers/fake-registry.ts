// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { MEDIA } from '../../lib/registry/media-types';

export interface LoggedRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingMessage['headers'];
}

/** Takes a request over; false leaves it to the registry. */
export type Intercept = (request: IncomingMessage, response: ServerResponse, url: URL) => boolean | void | Promise<boolean | void>;

export interface FakeRegistryOptions {
  tls?: { key: string; cert: string };
  /** Who may ask, and how the registry finds out. */
  auth?: { kind: 'basic' | 'bearer'; users: Record<string, string>; anonymousPull?: boolean };
  /** Keeps lists of referrers itself. */
  referrers?: boolean;
  /** Entries of a page. */
  page?: number;
}

interface Upload {
  repository: string;
  bytes: Buffer;
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A registry in memory on a port of 127.0.0.1, that also does what no honest one would. */
export class FakeRegistry implements AsyncDisposable {
  readonly log: LoggedRequest[] = [];
  readonly blobs = new Map<string, Buffer>();
  /** `repository@digest` of what a repository has. */
  readonly links = new Set<string>();
  /** `repository:reference` to what it is. */
  readonly manifests = new Map<string, { raw: Buffer; mediaType: string }>();
  readonly issued = new Map<string, string[]>();
  intercept: Intercept | undefined;
  private readonly uploads = new Map<string, Upload>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly options: FakeRegistryOptions,
  ) {}

  static async start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
    const registry = new FakeRegistry(server, options);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void registry.serve(request, response));
    server.on('connection', (socket) => {
      registry.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => registry.sockets.delete(socket));
    });
    server.on('clientError', (_, socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  get url(): string {
    return `${this.options.tls === undefined ? 'http' : 'https'}://${this.host}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Requests of one method, by path. */
  requests(method: string, pattern: RegExp): LoggedRequest[] {
    return this.log.filter((entry) => entry.method === method && pattern.test(entry.url));
  }

  addBlob(repository: string, bytes: Buffer, digest = sha256(bytes)): { digest: string; size: number } {
    this.blobs.set(digest, bytes);
    this.links.add(`${repository}@${digest}`);
    return { digest, size: bytes.length };
  }

  /** Under its digest, and under a tag. Strings are taken as they are. */
  addManifest(repository: string, tag: string | undefined, content: object | Buffer, mediaType: string): { digest: string; size: number; mediaType: string } {
    const raw = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = sha256(raw);
    for (const name of [digest, ...(tag === undefined ? [] : [tag])]) this.manifests.set(`${repository}:${name}`, { raw, mediaType });
    return { digest, size: raw.length, mediaType };
  }

  /** An image of the given layers, already compressed or not as their media type says. */
  addImage(repository: string, tag: string | undefined, layers: { bytes: Buffer; diffId: string; mediaType?: string }[], config: Record<string, unknown> = {}): { digest: string; size: number; mediaType: string; config: string } {
    const configBytes = Buffer.from(
      JSON.stringify({ created: '2024-01-01T00:00:00Z', architecture: 'amd64', os: 'linux', config: { Cmd: ['sh'] }, rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) }, ...config }),
    );
    const descriptors = layers.map(({ bytes, mediaType = MEDIA.ociLayerGzip }) => ({ mediaType, ...this.addBlob(repository, bytes) }));
    const configBlob = { mediaType: MEDIA.ociConfig, ...this.addBlob(repository, configBytes) };
    const manifest = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config: configBlob, layers: descriptors };
    return { ...this.addManifest(repository, tag, manifest, MEDIA.ociManifest), config: configBlob.digest };
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.log.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    try {
      if ((await this.intercept?.(request, response, url)) === true) return;
      if (url.pathname === '/token') return await this.token(request, response, url);
      if (!this.allowed(request, response, url)) return;
      await this.route(request, response, url);
    } catch (error) {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const path = url.pathname;
    if (path === '/v2/') return void response.end('{}');
    if (path === '/v2/_catalog') return this.page(response, url, 'repositories', [...new Set([...this.links].map((link) => link.split('@', 1)[0] as string))].sort());
    const match = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(path);
    if (match === null) return fail(response, 404, 'NAME_UNKNOWN');
    const [, repository, kind, rest] = match as unknown as [string, string, string, string];
    if (kind === 'manifests') return this.manifest(request, response, repository, rest);
    if (kind === 'tags') return this.page(response, url, 'tags', this.tagsOf(repository));
    if (kind === 'referrers') return this.referrersOf(response, repository, rest);
    const upload = /^(.+\/)?blobs\/uploads\/(.*)$/.exec(`${repository}/blobs/${rest}`);
    if (upload !== null) return this.upload(request, response, url, repository, upload[2] as string);
    return this.blob(request, response, repository, rest);
  }

  private tagsOf(repository: string): string[] {
    const prefix = `${repository}:`;
    return [...this.manifests.keys()].filter((key) => key.startsWith(prefix) && !key.includes('sha256:')).map((key) => key.slice(prefix.length));
  }

  private page(response: ServerResponse, url: URL, field: string, entries: string[]): void {
    const size = this.options.page ?? 1000;
    const last = url.searchParams.get('last');
    const start = last === null ? 0 : entries.indexOf(last) + 1;
    const some = entries.slice(start, start + size);
    if (start + size < entries.length) {
      const next = new URL(url);
      next.searchParams.set('last', some.at(-1) as string);
      response.setHeader('link', `<${next.pathname}${next.search}>; rel="next"`);
    }
    response.end(JSON.stringify({ [field]: some }));
  }

  private referrersOf(response: ServerResponse, repository: string, digest: string): void {
    if (this.options.referrers !== true) return fail(response, 404, 'NOT_FOUND');
    const manifests = [...this.manifests].flatMap(([key, { raw, mediaType }]) => {
      const parsed = JSON.parse(raw.toString()) as { subject?: { digest: string }; artifactType?: string };
      return key.startsWith(`${repository}:sha256:`) && parsed.subject?.digest === digest ? [{ mediaType, digest: sha256(raw), size: raw.length, artifactType: parsed.artifactType }] : [];
    });
    response.end(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests }));
  }

  private async manifest(request: IncomingMessage, response: ServerResponse, repository: string, name: string): Promise<void> {
    if (request.method === 'PUT') {
      const raw = await bodyOf(request);
      const { subject } = JSON.parse(raw.toString()) as { subject?: { digest: string } };
      const added = this.addManifest(repository, name.includes(':') ? undefined : name, raw, request.headers['content-type'] ?? '');
      if (subject !== undefined && this.options.referrers === true) response.setHeader('oci-subject', subject.digest);
      return void response.writeHead(201, { 'docker-content-digest': added.digest }).end();
    }
    const found = this.manifests.get(`${repository}:${name}`);
    if (found === undefined) return fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    response.writeHead(200, { 'content-type': found.mediaType, 'content-length': found.raw.length, 'docker-content-digest': sha256(found.raw) });
    response.end(request.method === 'HEAD' ? undefined : found.raw);
  }

  private blob(request: IncomingMessage, response: ServerResponse, repository: string, digest: string): void {
    const bytes = this.links.has(`${repository}@${digest}`) ? this.blobs.get(digest) : undefined;
    if (bytes === undefined) return fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    if (range !== null) response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(range === null ? 200 : 206, { 'content-length': bytes.length - start, 'docker-content-digest': digest });
    response.end(request.method === 'HEAD' ? undefined : bytes.subarray(start));
  }

  private async upload(request: IncomingMessage, response: ServerResponse, url: URL, repository: string, id: string): Promise<void> {
    const digest = url.searchParams.get('digest');
    if (request.method === 'POST') {
      const mount = url.searchParams.get('mount');
      if (mount !== null && this.links.has(`${url.searchParams.get('from')}@${mount}`)) {
        this.links.add(`${repository}@${mount}`);
        return void response.writeHead(201, { location: `/v2/${repository}/blobs/${mount}` }).end();
      }
      const name = randomUUID();
      this.uploads.set(name, { repository, bytes: Buffer.alloc(0) });
      return void response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/${name}?state=1`, range: '0-0' }).end();
    }
    const upload = this.uploads.get(id);
    if (upload === undefined) return fail(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'upload unknown');
    const headers = () => ({ location: url.pathname + url.search, range: `0-${Math.max(0, upload.bytes.length - 1)}` });
    if (request.method === 'GET') return void response.writeHead(204, headers()).end();
    const start = Number(/^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1] ?? upload.bytes.length);
    if (start !== upload.bytes.length) return void response.writeHead(416, headers()).end();
    for await (const chunk of request) upload.bytes = Buffer.concat([upload.bytes, chunk as Buffer]);
    if (request.method === 'PATCH') return void response.writeHead(202, headers()).end();
    if (digest !== sha256(upload.bytes)) return fail(response, 400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    this.uploads.delete(id);
    this.addBlob(repository, upload.bytes);
    response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest }).end();
  }

  private allowed(request: IncomingMessage, response: ServerResponse, url: URL): boolean {
    const { auth } = this.options;
    if (auth === undefined) return true;
    const [scheme, value = ''] = (request.headers.authorization ?? '').split(' ', 2);
    if (auth.kind === 'basic' && scheme === 'Basic' && this.knows(value)) return true;
    if (auth.kind === 'bearer' && scheme === 'Bearer' && this.issued.has(value)) return true;
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(url.pathname)?.[1];
    const scope = repository === undefined ? '' : `,scope="repository:${repository}:pull"`;
    response.setHeader('www-authenticate', auth.kind === 'basic' ? 'Basic realm="fake"' : `Bearer realm="${this.url}/token",service="fake"${scope}`);
    fail(response, 401, 'UNAUTHORIZED', 'authentication required');
    return false;
  }

  private knows(pair: string): boolean {
    const [name = '', ...rest] = Buffer.from(pair, 'base64').toString().split(':');
    return this.options.auth?.users[name] !== undefined && this.options.auth.users[name] === rest.join(':');
  }

  private async token(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { auth } = this.options;
    const form = new URLSearchParams(request.method === 'POST' ? (await bodyOf(request)).toString() : '');
    const refresh = form.get('refresh_token');
    const [, pair] = (request.headers.authorization ?? '').split(' ', 2);
    const anonymous = pair === undefined && auth?.anonymousPull === true;
    if (refresh === null ? !anonymous && !this.knows(pair ?? '') : refresh !== 'refresh-me') return fail(response, 401, 'UNAUTHORIZED', 'who are you');
    const token = randomUUID();
    this.issued.set(token, refresh === null ? url.searchParams.getAll('scope') : (form.get('scope') ?? '').split(' '));
    const wantsRefresh = url.searchParams.get('offline_token') === 'true' && auth?.users['refreshable'] !== undefined;
    response.end(JSON.stringify({ token, expires_in: 300, ...(wantsRefresh && { refresh_token: 'refresh-me' }) }));
  }
}

export function fail(response: ServerResponse, status: number, code: string, message = ''): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [{ code, message }] }));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
