// SPDX-License-Identifier: Apache-2.0
import { Authorizer } from './authorizer';
import type { Credentials } from './docker-config';
import { DockerliteError } from '../errors';
import { isLoopback } from './hosts';
import { DOCKER_HUB } from './reference';
import { nextPause, pause } from './retry';
import type { Patience } from './settings';
import { drain, type HttpRequest, type HttpResponse, type Transport } from './transport';

/** Where Docker Hub's registry really is. */
const DOCKER_HUB_HOST = 'registry-1.docker.io';

export interface RegistryRequest extends Omit<HttpRequest, 'url' | 'headers'> {
  headers?: Record<string, string>;
  /** Rights it needs: `repository:library/busybox:pull`. */
  scopes?: readonly string[];
}

export interface ConnectionOptions {
  transport: Transport;
  credentials: () => Promise<Credentials | undefined>;
  /** Sent to the registry itself, nowhere else. */
  headers: Record<string, string>;
}

/** One registry, or one mirror of it: its address, and who we are there. */
export class RegistryConnection {
  private readonly authorizer: Authorizer;
  private found: Promise<URL> | undefined;

  /** `at` is `host[:port]`, or the URL of a mirror. */
  constructor(
    readonly at: string | URL,
    private readonly options: ConnectionOptions,
  ) {
    this.authorizer = new Authorizer(options.transport, options.credentials);
  }

  get patience(): Patience {
    return this.options.transport.settings.patience;
  }

  /** Before the next attempt of what has to be repeated as a whole. */
  rest(attempt: number, signal?: AbortSignal): Promise<void> {
    return pause(nextPause(attempt, undefined, this.patience) as number, signal);
  }

  get host(): string {
    return typeof this.at === 'string' ? this.at : this.at.host;
  }

  /** `path` below /v2/, or a URL the registry gave. A 401 is answered once, then is the caller's. */
  async request(path: string | URL, { scopes = [], headers: own = {}, ...request }: RegistryRequest): Promise<HttpResponse> {
    const base = await this.base(request.signal);
    const url = typeof path === 'string' ? new URL(path, base) : path;
    const isOurs = url.origin === base.origin;
    for (let attempt = 1; ; attempt++) {
      const authorization = isOurs ? await this.authorizer.header(base, scopes, request.signal) : undefined;
      const headers = { ...(isOurs && this.options.headers), ...own, ...(authorization !== undefined && { authorization }) };
      const response = await this.options.transport.send({ ...request, url, headers });
      if (response.status !== 401 || !isOurs || attempt > 2 || !this.authorizer.learn(response, authorization)) return response;
      await drain(response);
    }
  }

  /** URL of /v2/. */
  base(signal?: AbortSignal): Promise<URL> {
    this.found ??= this.find(signal).catch((error: unknown) => {
      this.found = undefined;
      throw error;
    });
    return this.found;
  }

  /**
   * A registry that need not be secure may speak plain HTTP: that is tried when TLS does not work, as Docker does. On this machine,
   * where nobody listens in, it is tried first: there it is what most speak, and TLS takes a while to load.
   */
  private async find(signal?: AbortSignal): Promise<URL> {
    if (typeof this.at !== 'string') return new URL('v2/', this.at.href.endsWith('/') ? this.at : `${this.at.href}/`);
    const address = `https://${this.at === DOCKER_HUB ? DOCKER_HUB_HOST : this.at}/v2/`;
    if (!URL.canParse(address)) throw new DockerliteError('E_INVALID', `invalid registry name: ${JSON.stringify(this.at.slice(0, 100))}`);
    const secure = new URL(address);
    const { transport } = this.options;
    if (!transport.settings.isInsecure(this.at)) return secure;
    const plain = new URL(secure.href.replace('https:', 'http:'));
    for (const url of isLoopback(secure.host) ? [plain, secure] : [secure]) {
      try {
        const response = await transport.send({ method: 'GET', url, headers: {}, signal, retry: false });
        await drain(response);
        if (url === secure || speaksPlain(response, plain)) return url;
      } catch (error) {
        if (!(error instanceof DockerliteError) || error.code !== 'E_REGISTRY_UNREACHABLE') throw error;
      }
    }
    await drain(await transport.send({ method: 'GET', url: plain, headers: {}, signal }));
    return plain;
  }
}

/** Servers that want TLS call it a bad request, or point to where they speak it. */
function speaksPlain({ status, url }: HttpResponse, asked: URL): boolean {
  return status !== 400 && url.origin === asked.origin;
}
