// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { posix } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as archive from '../binding/archive';
import { closeFd, pipe } from '../binding/supervisor';
import type { ArchiveEnd, PathStat } from '../binding/types';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { tellWhenDone } from '../events/outbox';
import { checkAborted } from '../util/aborted';
import { announceContainerEvent, recordContainerEvent } from './container-events';
import { locate, type Place } from './locate';
import type { ContainerRow } from './record';
import { requireState } from './state';

export interface CopyOutOptions {
  /** What a final symbolic link leads to, instead of the link. */
  followLink?: boolean;
  /** Name of the top entry in the archive; default its own. */
  rename?: string;
  signal?: AbortSignal;
}

export interface CopyInOptions {
  /** Give everything to this user instead of keeping the archive's owners. */
  owner?: { uid: number; gid: number };
  /** Refuse to replace a directory by something else and the other way round. */
  keepKinds?: boolean;
  signal?: AbortSignal;
}

export type TarSource = Readable | { fd: number } | { path: string };

/**
 * Every path is resolved inside the container's tree by the kernel (openat2, RESOLVE_IN_ROOT): a link the container made
 * leads nowhere else. Volumes and bind mounts are seen where they are mounted, a tmpfs is not.
 */
export async function copyOut(context: Context, row: ContainerRow, path: string, target: Writable | { fd: number }, options: CopyOutOptions): Promise<PathStat> {
  requireState('copy', row);
  const { followLink, rename, signal } = options;
  const stat = await statPath(context, row, path);
  const place = await locate(context.store, row, path, followLink);
  recordContainerEvent(context.store, row, 'archive-path');
  await packTo(place.root, target, { from: place.path, followLink, rename: rename ?? ownName(place, path), signal });
  return stat;
}

/** @throws E_NOT_FOUND, E_CONFLICT (no directory), E_ARCHIVE, E_NO_SPACE */
export async function copyIn(context: Context, row: ContainerRow, source: TarSource, path: string, options: CopyInOptions): Promise<void> {
  requireState('copy', row);
  const place = await locate(context.store, row, path, true);
  if (place.readonly !== '') throw new DockerliteError('E_CONFLICT', place.readonly, { path });
  await requireDirectory(place, row, path);
  const { owner, keepKinds, signal } = options;
  checkAborted(signal);
  await tellWhenDone(announceContainerEvent(context.store, row, 'extract-to-dir'), () =>
    withSource(source, (end) => archive.unpack(end, place.root, { into: place.path, owner, allowReplace: keepKinds !== true, digests: false, signal })),
  );
}

/** @throws E_NOT_FOUND in Docker's words */
export async function statPath(context: Context, row: ContainerRow, path: string): Promise<PathStat> {
  try {
    const place = await locate(context.store, row, path);
    const stat = await archive.statInRoot(place.root, place.path);
    return { ...stat, name: ownName(place, path) ?? stat.name };
  } catch (error) {
    throw notFound(error, row, path);
  }
}

/** What is mounted has the name of where it is mounted; undefined when that is the name it has anyway. */
function ownName(place: Place, path: string): string | undefined {
  const name = posix.basename(posix.normalize(`/${path}`));
  return name === '' || posix.basename(posix.normalize(`/${place.path}`)) === name ? undefined : name;
}

/** Through a final link too. */
async function requireDirectory(place: Place, row: ContainerRow, path: string): Promise<void> {
  await archive.statInRoot(place.root, `${place.path}/`).catch((error: unknown) => {
    if (!(error instanceof DockerliteError) || error.errno !== constants.errno.ENOTDIR) throw notFound(error, row, path);
    throw new DockerliteError('E_CONFLICT', `extraction point is not a directory: ${path}`, { path, cause: error });
  });
}

function notFound(error: unknown, row: ContainerRow, path: string): unknown {
  if (!(error instanceof DockerliteError) || error.code !== 'E_NOT_FOUND') return error;
  return new DockerliteError('E_NOT_FOUND', `Could not find the file ${path} in container ${row.name}`, { path, cause: error });
}

/** Packs into a descriptor, or through a pipe into a stream, whose end is the caller's. */
export async function packTo(root: string, target: Writable | { fd: number }, options: Parameters<typeof archive.pack>[2]): Promise<void> {
  if ('fd' in target && typeof target.fd === 'number' && !('write' in target)) {
    await archive.pack(root, { fd: target.fd }, options);
    return;
  }
  const [read, write] = pipe();
  const output = pipeline(new Socket({ fd: read, readable: true, writable: false }), target as Writable, { end: false, ...(options?.signal && { signal: options.signal }) });
  const packed = archive.pack(root, { fd: write }, options).finally(() => closeFd(write));
  // When the reader fails the writer sees EPIPE: the reader's error is the one that tells why.
  const results = await Promise.allSettled([output, packed]);
  if (results.some(({ status }) => status === 'rejected')) checkAborted(options?.signal);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** How feeding a reader fails that went away. */
const UNWANTED = ['ABORT_ERR', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'];

/** A stream's bytes reach native code through a pipe. */
export async function withSource<T>(source: TarSource, use: (end: ArchiveEnd) => Promise<T>): Promise<T> {
  if (!('pipe' in source)) return use(source);
  const [read, write] = pipe();
  const enough = new AbortController();
  const input = pipeline(source, new Socket({ fd: write, readable: false, writable: true }), { signal: enough.signal });
  const used = use({ fd: read }).finally(() => {
    closeFd(read);
    enough.abort();
  });
  const [fed, result] = await Promise.allSettled([input, used]);
  // A source that failed is why its archive was damaged. One that was cut off because unpacking failed has not.
  if (fed.status === 'rejected' && !UNWANTED.includes((fed.reason as NodeJS.ErrnoException).code ?? '')) throw fed.reason;
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
