// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import { certificatesFor } from './certificates';
import { proxyFor } from './proxy';
import type { Settings } from './settings';

/** Connections are kept per origin: what certificates and which proxy one needs depends on nothing else. */
export class Dispatchers {
  private readonly open = new Map<string, Dispatcher>();

  constructor(private readonly settings: Settings) {}

  for(url: URL): Dispatcher {
    let dispatcher = this.open.get(url.origin);
    if (dispatcher === undefined) {
      dispatcher = this.create(url);
      this.open.set(url.origin, dispatcher);
    }
    return dispatcher;
  }

  /** Ends every connection, and what is still going on over it. */
  async close(): Promise<void> {
    const all = [...this.open.values()];
    this.open.clear();
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  private create(url: URL): Dispatcher {
    const { Agent, ProxyAgent } = require('undici') as typeof import('undici');
    const { patience } = this.settings;
    const connect = { timeout: patience.connect, ...(url.protocol === 'https:' && this.tls(url)) };
    const common = { headersTimeout: patience.answer, bodyTimeout: patience.idle, connections: 16 };
    const named = this.settings.proxy?.(url);
    const proxy = named === undefined ? proxyFor(url) : named;
    if (proxy === undefined || proxy === null) return new Agent({ ...common, connect });
    return new ProxyAgent({ ...common, uri: proxy.href, requestTls: connect, proxyTls: { timeout: patience.connect }, proxyTunnel: url.protocol === 'https:' });
  }

  private tls(url: URL): object {
    const rejectUnauthorized = !this.settings.isInsecure(url.host);
    const { ca, cert, key } = certificatesFor(url.host, this.settings.certificates);
    return {
      // Where any certificate will do no authority is asked: to understand them all takes longer than a request.
      ca: rejectUnauthorized ? ca() : [],
      ...(cert.length > 0 && { cert, key }),
      rejectUnauthorized,
      ...this.settings.tls?.(url),
    };
  }
}
