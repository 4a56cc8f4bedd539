// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { DockerliteError } from '../errors';
import { Dispatchers } from './dispatchers';
import { aborted, unreachable } from './network-errors';
import { nextPause, pause, wantsRetry } from './retry';
import type { Settings } from './settings';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  headers: Record<string, string>;
  /** Made anew for every attempt. */
  body?: () => Uint8Array | AsyncIterable<Uint8Array>;
  signal?: AbortSignal | undefined;
  /** false: what it does may not be done twice. */
  retry?: boolean;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable & { dump(options?: { limit: number }): Promise<unknown> };
  /** Where the answer came from, after redirects. */
  url: URL;
}

const MOST_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Bytes of an answer nobody wants that are read to keep its connection. */
const DRAINED = 64 * 1024;

/** HTTP as registries need it: redirects followed within bounds, attempts repeated with pauses between them. */
export class Transport {
  private readonly dispatchers: Dispatchers;
  private isClosed = false;

  constructor(readonly settings: Settings) {
    this.dispatchers = new Dispatchers(settings);
  }

  /** @throws E_REGISTRY_UNREACHABLE, E_REGISTRY (redirects), E_ABORTED */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const { patience } = this.settings;
    for (let attempt = 1; ; attempt++) {
      const last = request.retry === false || attempt >= patience.attempts;
      let after: string | undefined;
      try {
        const response = await this.follow(request);
        if (last || !wantsRetry(response.status)) return response;
        after = header(response, 'retry-after');
        const wait = nextPause(attempt, after, patience);
        if (wait === undefined) return response;
        await drain(response);
        await pause(wait, request.signal);
      } catch (error) {
        if (last || !(error instanceof DockerliteError) || error.code !== 'E_REGISTRY_UNREACHABLE' || isHopeless(error)) throw error;
        await pause(nextPause(attempt, undefined, patience) as number, request.signal);
      }
    }
  }

  /** Nothing is sent from now on, nor once more. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.dispatchers.close();
  }

  private async follow(request: HttpRequest): Promise<HttpResponse> {
    const reading = request.method === 'GET' || request.method === 'HEAD';
    let { url, headers } = request;
    for (let hops = 0; ; hops++) {
      const response = await this.once({ ...request, url, headers });
      const location = header(response, 'location');
      if (!reading || !REDIRECTS.includes(response.status) || location === undefined) return response;
      await drain(response);
      if (hops >= MOST_REDIRECTS) throw new DockerliteError('E_REGISTRY', `${request.url.host}: stopped after ${MOST_REDIRECTS} redirects`);
      const next = redirectTarget(url, location);
      if (next.origin !== url.origin) headers = withoutSecrets(headers);
      url = next;
    }
  }

  private async once({ method, url, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
    if (hasEnded(signal) || this.isClosed) throw aborted(signal?.reason);
    try {
      const { statusCode, headers: answered, body: stream } = await this.dispatchers.for(url).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { 'user-agent': 'dockerlite', 'accept-encoding': 'identity', ...headers },
        // It takes any iterable, which its types do not say, and is done with a piece when it asks for the next.
        body: (body?.() ?? null) as Uint8Array | null,
        signal: signal ?? null,
        // Its connection goes on after a HEAD too, as those of other clients do.
        reset: false,
      });
      return { status: statusCode, headers: answered, body: stream, url };
    } catch (error) {
      throw hasEnded(signal) ? aborted(error) : unreachable(url, error);
    }
  }
}

function hasEnded(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

export function header({ headers }: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  return [headers[name] ?? []].flat()[0];
}

/** Lets go of an answer that nobody reads. */
export async function drain(response: HttpResponse): Promise<void> {
  await response.body.dump({ limit: DRAINED }).catch(() => undefined);
}

/** @throws E_REGISTRY for a target that is not HTTP, or no longer encrypted */
export function redirectTarget(from: URL, location: string): URL {
  const shown = JSON.stringify(location.slice(0, 200));
  if (!URL.canParse(location, from.href)) throw new DockerliteError('E_REGISTRY', `${from.host}: redirect to ${shown}, which is no URL`);
  const target = new URL(location, from);
  if (!/^https?:$/.test(target.protocol)) throw new DockerliteError('E_REGISTRY', `${from.host}: redirect to ${shown} refused: not HTTP`);
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw new DockerliteError('E_REGISTRY', `${from.host}: redirect to ${shown} refused: it leaves an encrypted connection`);
  }
  target.username = '';
  target.password = '';
  return target;
}

/** What is for one host is not for another it points to. */
function withoutSecrets(headers: Record<string, string>): Record<string, string> {
  const shared = ['accept', 'range', 'content-type'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => shared.includes(name)));
}

/** A name that does not exist or a certificate that is not accepted will be the same in a second. */
function isHopeless(error: DockerliteError): boolean {
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^(?:ENOTFOUND|CERT_|ERR_TLS|ERR_SSL|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HPE_|EPROTO|ERR_INVALID)/.test(code);
}
