// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { DockerliteError } from '../errors';
import { readBlob } from './blob-reader';
import { choosePlatform } from './choose-platform';
import type { RegistryConnection } from './connection';
import type { Descriptor, ImageManifest, ParsedManifest } from './manifest';
import { getManifest, pullScope } from './manifests';
import { isForeignLayer } from './media-types';
import type { Platform } from './platform';
import type { RemoteReference } from './reference';
import { drain, type HttpResponse, type Transport } from './transport';

/** An index of indexes is allowed; deeper than this it is a maze. */
const DEEPEST_INDEX = 4;

/** Bytes of a configuration. */
const LARGEST_CONFIG = 4 * 1024 ** 2;

export interface ResolvedImage {
  /** What the name stands for: the index where there is one. */
  top: ParsedManifest;
  manifest: ParsedManifest & { content: ImageManifest };
  /** Of the entry chosen from an index. */
  platform?: Platform;
}

/** Where an image is pulled from: the mirrors of its registry in turn, then the registry itself. */
export class PullSource {
  constructor(
    private readonly places: readonly RegistryConnection[],
    private readonly transport: Transport,
    readonly repository: RemoteReference,
  ) {}

  /** Follows indexes to the one image for a platform. @throws as getManifest, and E_NOT_FOUND for a platform that is not there */
  async resolve(reference: RemoteReference, platform: Platform, signal?: AbortSignal): Promise<ResolvedImage> {
    const top = await this.manifest(reference, signal);
    let current = top;
    let chosen: Platform | undefined;
    for (let depth = 0; current.content.kind === 'index'; depth++) {
      if (depth >= DEEPEST_INDEX) throw new DockerliteError('E_REGISTRY', `manifest ${top.digest}: indexes within indexes, more than ${DEEPEST_INDEX} deep`);
      const entry = choosePlatform(current.content, platform);
      current = await this.manifest({ ...reference, digest: entry.digest }, signal);
      if (current.raw.length !== entry.size) throw new DockerliteError('E_REGISTRY', `manifest ${entry.digest}: ${current.raw.length} bytes long, the index says ${entry.size}`);
      chosen = entry.platform;
    }
    const manifest = { ...current, content: current.content };
    return { top, manifest, ...(chosen !== undefined && { platform: chosen }) };
  }

  manifest(reference: RemoteReference, signal?: AbortSignal): Promise<ParsedManifest> {
    return this.first((place) => getManifest(place, reference, signal));
  }

  /** A small blob in memory, verified. */
  async config(blob: Descriptor, signal?: AbortSignal): Promise<Buffer> {
    if (blob.size > LARGEST_CONFIG) throw new DockerliteError('E_REGISTRY', `blob ${blob.digest}: ${blob.size} bytes are too many for a configuration`);
    const chunks: Buffer[] = [];
    for await (const chunk of this.open(blob, 0, signal) as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The blob's bytes from an offset on, see readBlob. */
  open(blob: Descriptor, offset: number, signal?: AbortSignal, verify = true): Readable {
    const { patience } = this.transport.settings;
    return readBlob({ blob, offset, verify, signal, patience, ask: (headers, until) => this.askForBlob(blob, headers, until) });
  }

  private async askForBlob(blob: Descriptor, headers: Record<string, string>, signal?: AbortSignal): Promise<HttpResponse> {
    const { repository } = this;
    const [external] = isForeignLayer(blob.mediaType) ? httpUrls(blob) : [];
    if (external !== undefined) return this.transport.send({ method: 'GET', url: external, headers, signal });
    let answer: HttpResponse | undefined;
    const response = await this.first(async (place) => {
      if (answer !== undefined) await drain(answer);
      answer = await place.request(`${repository.path}/blobs/${blob.digest}`, { method: 'GET', headers, scopes: [pullScope(repository)], signal });
      if (![200, 206].includes(answer.status) && place !== this.places.at(-1)) throw new DockerliteError('E_REGISTRY', `status ${answer.status}`);
      return answer;
    });
    return response;
  }

  /** What the first place that can gives; the error is the registry's own. */
  private async first<T>(work: (place: RegistryConnection) => Promise<T>): Promise<T> {
    for (const place of this.places.slice(0, -1)) {
      try {
        return await work(place);
      } catch (error) {
        if (!(error instanceof DockerliteError) || error.code === 'E_ABORTED') throw error;
      }
    }
    return work(this.places.at(-1) as RegistryConnection);
  }
}

function httpUrls({ urls = [] }: Descriptor): URL[] {
  return urls.filter((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)).map((url) => new URL(url));
}
