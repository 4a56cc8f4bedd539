// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { DockerliteError } from '../errors';
import { failure } from './answers';
import { hasher, wrongDigest } from './digest';
import type { Descriptor } from './manifest';
import { aborted, unreachable } from './network-errors';
import { nextPause, pause } from './retry';
import type { Patience } from './settings';
import { header, type HttpResponse } from './transport';

/** Asks for a blob with these headers; every call may reach another server. */
export type AskForBlob = (headers: Record<string, string>, signal?: AbortSignal) => Promise<HttpResponse>;

export interface BlobReaderOptions {
  blob: Descriptor;
  ask: AskForBlob;
  patience: Patience;
  /** First byte that is wanted: those before it are there already. */
  offset?: number;
  /** What messages call it; default by its digest. */
  what?: string;
  /** false: the caller does it; default true. */
  verify?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * A blob as a stream. A connection that breaks is replaced by one for the rest of the bytes, as long as there is progress.
 * Read from its beginning the stream ends only when its digest is the right one; from an offset the caller has to see to that.
 */
export function readBlob(options: BlobReaderOptions): Readable {
  return Readable.from(pieces(options), { objectMode: false, highWaterMark: 256 * 1024 });
}

async function* pieces(options: BlobReaderOptions): AsyncGenerator<Buffer> {
  const { blob, offset = 0, verify = true, signal, patience } = options;
  const what = nameOf(options);
  const hash = offset === 0 && verify ? hasher(blob.digest) : undefined;
  let at = offset;
  for (let failures = 0; at < blob.size || (at === 0 && failures === 0); ) {
    try {
      for await (const chunk of await from(options, at)) {
        at += chunk.length;
        if (at > blob.size) throw new DockerliteError('E_DIGEST', `${what}: longer than the ${blob.size} bytes it should have`);
        failures = 0;
        hash?.update(chunk);
        yield chunk;
      }
      if (at < blob.size) throw new DockerliteError('E_REGISTRY_UNREACHABLE', `${what}: the connection ended after ${at} of ${blob.size} bytes`);
      break;
    } catch (error) {
      if (signal?.aborted === true) throw aborted(error);
      failures++;
      if (!isBreak(error) || failures >= patience.attempts) throw error;
      await pause(nextPause(failures, undefined, patience) as number, signal);
    }
  }
  const actual = hash === undefined ? blob.digest : `${blob.digest.split(':', 1)[0]}:${hash.digest('hex')}`;
  if (actual !== blob.digest) throw wrongDigest(what, blob.digest, actual);
}

function nameOf({ what, blob }: BlobReaderOptions): string {
  return what ?? `blob ${blob.digest}`;
}

function isBreak(error: unknown): boolean {
  return error instanceof DockerliteError && error.code === 'E_REGISTRY_UNREACHABLE';
}

/** The bytes from `at` on, of a registry that may know nothing of ranges. */
async function from(options: BlobReaderOptions, at: number): Promise<AsyncIterable<Buffer>> {
  const { blob, ask, signal } = options;
  const what = nameOf(options);
  const response = await ask(at === 0 ? {} : { range: `bytes=${at}-` }, signal);
  try {
    if (response.status !== 200 && response.status !== 206) throw await failure(response, what);
    const start = response.status === 206 ? rangeStart(response, options, at) : 0;
    const length = header(response, 'content-length');
    if (length !== undefined && Number(length) !== blob.size - start) {
      throw new DockerliteError('E_DIGEST', `${what}: the server has ${Number(length) + start} bytes of it, ${blob.size} are expected`);
    }
    return after(response, at - start);
  } catch (error) {
    response.body.on('error', () => undefined).destroy();
    throw error;
  }
}

/** Where an answer to a range begins. @throws E_REGISTRY when it is not what was asked for */
function rangeStart(response: HttpResponse, options: BlobReaderOptions, at: number): number {
  const { blob } = options;
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header(response, 'content-range') ?? '');
  const [start, end, total] = [Number(match?.[1]), Number(match?.[2]), match?.[3]];
  const honest = start === at && end === blob.size - 1 && (total === '*' || Number(total) === blob.size);
  if (!honest) throw new DockerliteError('E_REGISTRY', `${nameOf(options)}: asked for bytes from ${at}, the server answers with another range`);
  return start;
}

async function* after(response: HttpResponse, skip: number): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      const left = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - left.length;
      if (left.length > 0) yield left;
    }
  } catch (error) {
    throw unreachable(response.url, error);
  }
}
