// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { tellWhenDone } from '../events/outbox';
import type { RegistryConnection } from '../registry/connection';
import { parseManifest } from '../registry/manifest';
import { putManifest, type StoredManifest } from '../registry/manifests';
import { isForeignLayer } from '../registry/media-types';
import { canonicalName, familiarName, familiarReference, parseRemoteReference, type RemoteReference } from '../registry/reference';
import { Registries } from '../registry/registries';
import type { RegistryOptions } from '../registry/settings';
import { type Blob, bytesBlob, pushBlob } from '../registry/uploads';
import { Turnstile } from '../util/turnstile';
import { announcePush } from './image-events';
import { type PushableImage, pushable } from './pushable';
import { findImage, type ImageRow } from './record';
import { Transfer, type TransferEvent } from './transfer';

export interface PushOptions {
  /** As a btrfs send stream, the difference to an image in the same repository where there is one, instead of layers. */
  asSnapshot?: boolean;
  /** How registries are reached. */
  registries?: RegistryOptions;
  signal?: AbortSignal;
}

export interface PushedImage {
  /** Of the manifest, as the registry now has it. */
  digest: string;
  /** Bytes of the manifest. */
  size: number;
}

type Emit = (event: TransferEvent) => void;

/** Layers that go up at once, as many as Docker's. */
const UPLOADS = 5;

/**
 * Pushes the image of a name to the registry in that name. What the registry has is not sent again; an image that was pulled
 * arrives with the manifest it came with.
 * @throws by `result`: E_NOT_FOUND (no such image here), E_UNAUTHORIZED, E_REGISTRY, E_REGISTRY_UNREACHABLE, E_INVALID, E_ABORTED
 */
export function pushImage(context: Context, name: string, options: PushOptions = {}): Transfer<PushedImage> {
  return new Transfer(async (emit) => {
    const reference = parseRemoteReference(name);
    if (reference.digest !== undefined) throw new DockerliteError('E_INVALID', 'cannot push a digest reference');
    const image = localImage(context, reference);
    await using registries = new Registries(options.registries);
    const target = { ...reference, tag: reference.tag ?? 'latest' };
    const publish: Publish = (put) =>
      tellWhenDone(announcePush(context.store, reference), async () => {
        const answer = await put();
        context.store.db.run('INSERT OR IGNORE INTO repo_digests (name, image) VALUES (?, ?)', `${familiarName(reference)}@${answer.digest}`, image.id);
        return answer;
      });
    return await (options.asSnapshot === true ? asSnapshot : asLayers)(context, { registries, target, image, signal: options.signal, emit, publish });
  });
}

interface Push {
  registries: Registries;
  target: RemoteReference;
  image: ImageRow;
  signal: AbortSignal | undefined;
  emit: Emit;
  publish: Publish;
}

/** Sends the manifest, which is when the registry has the image. */
export type Publish = (put: () => Promise<StoredManifest>) => Promise<StoredManifest>;

async function asLayers(context: Context, { registries, target, image, signal, emit, publish }: Push): Promise<PushedImage> {
  const connection = registries.connection(target.host);
  const making = pushable(context, image, signal);
  // The registry is found meanwhile; what fails in that, the first request tells.
  connection.base(signal).catch(() => undefined);
  const parts = await making;
  try {
    await pushLayers(context, connection, target, parts, signal, emit);
  } finally {
    await parts.kept;
  }
  const { raw, mediaType } = parseManifest(parts.manifest, undefined);
  const { digest } = await publish(() => putManifest(connection, target, { raw, mediaType }, signal));
  return { digest, size: raw.length };
}

async function asSnapshot(context: Context, { registries, target, image, signal, emit, publish }: Push): Promise<PushedImage> {
  const { pushSnapshot } = require('./snapshot/push') as typeof import('./snapshot/push');
  const { digest, raw } = await pushSnapshot(context, { connection: registries.connection(target.host), target, image, signal, emit, publish });
  return { digest, size: raw.length };
}

function localImage({ store }: Context, reference: RemoteReference): ImageRow {
  try {
    return findImage(store, familiarReference(reference));
  } catch (error) {
    throw new DockerliteError('E_NOT_FOUND', `An image does not exist locally with the tag: ${familiarName(reference)}`, { cause: error });
  }
}

async function pushLayers(context: Context, connection: RegistryConnection, reference: RemoteReference, parts: PushableImage, signal: AbortSignal | undefined, emit: Emit): Promise<void> {
  const { made } = parts;
  const layers = parts.layers.filter(({ mediaType }) => !isForeignLayer(mediaType));
  for (const { digest } of layers) emit({ kind: 'layer', digest, state: 'preparing' });
  const mountFrom = otherRepositories(context, reference, parts);
  const turnstile = new Turnstile(UPLOADS);
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const upload = (blob: Blob, watch?: (bytes: number) => void) => pushBlob(connection, reference, blob, { mountFrom, isNew: made.has(blob.digest), signal: either, ...(watch && { onProgress: watch }) });
  // The others may be there: what is sure to be sent is not to wait for their being looked for.
  const inTurn = [...layers].sort((a, b) => Number(made.has(b.digest)) - Number(made.has(a.digest)));
  const work = inTurn.map((layer) =>
    turnstile.run(async () => {
      const { digest, size: total } = layer;
      const result = await upload(layer, throttled((current) => emit({ kind: 'layer', digest, state: 'pushing', current, total })));
      emit({ kind: 'layer', digest, state: result.how === 'uploaded' ? 'pushed' : result.how, ...(result.how === 'mounted' && { from: result.from }) });
    }),
  );
  work.push(upload(bytesBlob(parts.configDigest, parts.config)).then(() => undefined));
  try {
    await Promise.all(work);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(work);
    throw error;
  }
}

/** Repositories of the same registry that images with some of these layers came from or went to. */
function otherRepositories({ store }: Context, reference: RemoteReference, { chain }: PushableImage): string[] {
  if (chain.length === 0) return [];
  const rows = store.db.all<{ name: string }>(`SELECT DISTINCT repo_digests.name FROM repo_digests JOIN images ON images.id = image WHERE chain IN (${chain.map(() => '?').join(', ')})`, ...chain);
  const others = rows.map(({ name }) => parseRemoteReference(name)).filter(({ host, path }) => host === reference.host && canonicalName({ host, path }) !== canonicalName(reference));
  return [...new Set(others.map(({ path }) => path))].slice(0, 3);
}

/** ms between two numbers of one layer. */
const TICK = 100;

function throttled(tell: (bytes: number) => void): (bytes: number) => void {
  let last = 0;
  return (bytes) => {
    const now = Date.now();
    if (now - last < TICK) return;
    last = now;
    tell(bytes);
  };
}
