// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Descriptor, ParsedManifest } from '../registry/manifest';
import { isConfigType, isLayerType } from '../registry/media-types';
import { hostPlatform, parsePlatform } from '../registry/platform';
import type { PullSource } from '../registry/pull-source';
import { canonicalName, familiarName, familiarReference, manifestName, parseRemoteReference, type RemoteReference } from '../registry/reference';
import { Registries } from '../registry/registries';
import type { RegistryOptions } from '../registry/settings';
import { postPull } from './image-events';
import { ensureLayers, type LayerProgress, type LayerSource } from './layers';
import { publishPulled } from './publish-pulled';
import { findImage, type OciImage } from './record';
import { parseImageConfig } from './remote-config';
import { isSnapshot } from './snapshot/artifact';
import { Transfer, type TransferEvent } from './transfer';

export interface PullOptions {
  /** `linux/arm64`, `linux/arm/v7`; default this machine's. */
  platform?: string;
  /** How registries are reached. */
  registries?: RegistryOptions;
  /** Bytes of content one layer may unpack to; default 200 times its compressed size, a gigabyte at least. */
  layerLimit?: number;
  signal?: AbortSignal;
}

export interface PulledImage {
  /** 64 hex digits. */
  id: string;
  /** As the store names it: `busybox:latest`, or `busybox@sha256:…` when it was pulled by digest. */
  name: string;
  /** Of what the name stands for in the registry: the index where there is one. */
  digest: string;
  /** False when the store had it under this name already. */
  isNew: boolean;
}

type Emit = (event: TransferEvent) => void;

/**
 * Pulls one image. What was downloaded when it is interrupted is used by the next pull.
 * @throws by `result`: E_NOT_FOUND, E_UNAUTHORIZED, E_DIGEST, E_REGISTRY, E_REGISTRY_UNREACHABLE, E_UNSUPPORTED, E_INVALID, E_ABORTED
 */
export function pullImage(context: Context, name: string, options: PullOptions = {}): Transfer<PulledImage> {
  return new Transfer(async (emit) => {
    const reference = parseRemoteReference(name);
    await using registries = new Registries(options.registries);
    return await pullOne(context, registries, reference, options, emit);
  });
}

/** Pulls every tag of a repository, one after another. */
export function pullAllTags(context: Context, name: string, options: PullOptions = {}): Transfer<PulledImage[]> {
  return new Transfer(async (emit) => {
    const reference = parseRemoteReference(name);
    if (reference.tag !== undefined || reference.digest !== undefined) throw new DockerliteError('E_INVALID', "tag can't be used with --all-tags/-a");
    await using registries = new Registries(options.registries);
    const pulled: PulledImage[] = [];
    for await (const tag of registries.tags(reference, options.signal)) {
      pulled.push(await pullOne(context, registries, parseRemoteReference(`${canonicalName(reference)}:${tag}`), options, emit));
    }
    return pulled;
  });
}

async function pullOne(context: Context, registries: Registries, reference: RemoteReference, { platform, signal, layerLimit }: PullOptions, emit: Emit): Promise<PulledImage> {
  const wanted = platform === undefined ? hostPlatform() : parsePlatform(platform);
  const source = registries.source(reference);
  emit({ kind: 'message', id: manifestName(reference), text: `Pulling from ${reference.path}` });
  const { top, manifest } = await source.resolve(reference, wanted, signal);
  const what: Pulled = {
    source,
    reference,
    tags: reference.digest === undefined ? [`${familiarName(reference)}:${reference.tag ?? 'latest'}`] : [],
    topDigest: top.digest,
    tell: (id) => postPull(context.store, reference, ociOf(context, id)),
    onProgress: watch(emit),
  };
  const { id, isNew } = await (isSnapshot(manifest) ? asSnapshot : asLayers)(context, what, manifest, { signal, layerLimit });
  emit({ kind: 'message', text: `Digest: ${top.digest}` });
  return { id, name: familiarReference(reference), digest: top.digest, isNew };
}

interface Pulled {
  source: PullSource;
  reference: RemoteReference;
  /** repository:tag names it gets. */
  tags: string[];
  topDigest: string;
  /** Tells of it, in the transaction in which it is there. */
  tell: (id: string) => void;
  onProgress: LayerProgress;
}

type Limits = Pick<PullOptions, 'signal' | 'layerLimit'>;

async function asLayers(context: Context, { source, reference, tags, topDigest, tell, onProgress }: Pulled, manifest: ParsedManifest, { signal, layerLimit }: Limits): Promise<{ id: string; isNew: boolean }> {
  if (manifest.content.kind !== 'manifest') throw new DockerliteError('E_UNSUPPORTED', `manifest ${manifest.digest} is not that of an image`);
  const { config: configBlob, layers } = manifest.content;
  if (!isConfigType(configBlob.mediaType)) throw new DockerliteError('E_UNSUPPORTED', `${familiarReference(reference)} is no image: its configuration is ${configBlob.mediaType}`);
  const config = await source.config(configBlob, signal);
  const { rootfs } = parseImageConfig(config, layers.length);
  const chain = await ensureLayers(context, layerSources(source, layers, rootfs.diff_ids), { signal, layerLimit, onProgress });
  try {
    return await publishPulled(context, { config, chain, manifest: manifest.raw, tags, repoDigests: [`${familiarName(reference)}@${topDigest}`], tell });
  } finally {
    await chain.release();
  }
}

async function asSnapshot(context: Context, pulled: Pulled, manifest: ParsedManifest, limits: Limits): Promise<{ id: string; isNew: boolean }> {
  const { pullSnapshot } = require('./snapshot/pull') as typeof import('./snapshot/pull');
  const pullOrdinary = async (below: ParsedManifest): Promise<void> => {
    await asLayers(context, { ...pulled, tags: [], topDigest: below.digest, tell: () => undefined }, below, limits);
  };
  return pullSnapshot(context, { ...pulled, manifest, signal: limits.signal, limit: limits.layerLimit, pullOrdinary });
}

function ociOf({ store }: Context, id: string): OciImage {
  return JSON.parse(findImage(store, id).config) as OciImage;
}

/** @throws E_UNSUPPORTED for content that is no file system */
function layerSources(source: PullSource, layers: readonly Descriptor[], diffIds: readonly string[]): LayerSource[] {
  return layers.map((layer, index) => {
    const { mediaType, digest, size } = layer;
    if (!isLayerType(mediaType)) throw new DockerliteError('E_UNSUPPORTED', `layer ${digest}: unsupported media type ${mediaType}`);
    if (!digest.startsWith('sha256:')) throw new DockerliteError('E_UNSUPPORTED', `layer ${digest}: only sha256 is supported`);
    // Who unpacks it looks at the digest, off this thread.
    return { diffId: diffIds[index] as string, digest, size, mediaType, open: (offset, signal) => source.open(layer, offset, signal, false) };
  });
}

/** ms between two numbers of one layer. */
const TICK = 100;

function watch(emit: Emit): LayerProgress {
  const last = new Map<string, number>();
  return ({ digest, size }, state, bytes) => {
    if (state === 'downloading' && bytes !== size) {
      const now = Date.now();
      if (now - (last.get(digest) ?? 0) < TICK) return;
      last.set(digest, now);
    }
    emit({ kind: 'layer', digest, state, ...(bytes !== undefined && { current: bytes, total: size }) });
  };
}
