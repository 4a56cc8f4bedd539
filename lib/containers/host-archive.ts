// SPDX-License-Identifier: Apache-2.0
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as archive from '../binding/archive';
import { closeFd, pipe } from '../binding/supervisor';
import type { ArchiveEnd } from '../binding/types';
import { DockerliteError } from '../errors';
import type { Container } from './container';

export interface PackHostOptions {
  /** What a final symbolic link leads to, instead of the link. */
  followLink?: boolean;
  /** Name of the top entry in the archive, '' for a directory's content only; default its own. */
  rename?: string;
  signal?: AbortSignal;
}

export interface UnpackHostOptions {
  /** Give everything to this user instead of keeping the archive's owners. */
  owner?: { uid: number; gid: number };
  signal?: AbortSignal;
}

/** Packs a file or directory of the host; the bytes of content packed. */
export async function packHost(path: string, target: ArchiveEnd, { followLink, rename, signal }: PackHostOptions): Promise<number> {
  // Links are resolved here: in the archive's root they would end at the directory it is in.
  const real = followLink === true ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
  const top = real === '/' ? {} : { from: basename(real) };
  const { bytes } = await archive.pack(dirname(real), target, { ...top, rename: rename ?? basename(path), signal });
  return bytes;
}

/** Unpacks into a directory of the host, nothing outside it, and never a directory over something else or the other way round. */
export async function unpackHost(source: ArchiveEnd, directory: string, { owner, signal }: UnpackHostOptions): Promise<number> {
  const { bytes } = await archive.unpack(source, directory, { owner, allowReplace: false, digests: false, signal });
  return bytes;
}

/** Copies what is at `path` on the host into a directory of a container; the bytes of content. */
export function copyFromHost(container: Container, path: string, directory: string, options: PackHostOptions & UnpackHostOptions): Promise<number> {
  const { owner, signal, ...packing } = options;
  return throughPipe(
    (fd) => packHost(path, { fd }, { ...packing, signal }),
    (fd) => container.copyIn({ fd }, directory, { owner, keepKinds: true, signal }),
  ).then(([bytes]) => bytes);
}

/** Copies what is at `path` in a container into a directory of the host; the bytes of content. */
export function copyToHost(container: Container, path: string, directory: string, options: PackHostOptions & UnpackHostOptions): Promise<number> {
  const { owner, signal, ...packing } = options;
  return throughPipe(
    (fd) => container.copyOut(path, { fd }, { ...packing, signal }),
    (fd) => unpackHost({ fd }, directory, { owner, signal }),
  ).then(([, bytes]) => bytes);
}

async function throughPipe<Sent, Taken>(send: (fd: number) => Promise<Sent>, take: (fd: number) => Promise<Taken>): Promise<[Sent, Taken]> {
  const [read, write] = pipe();
  const [sent, taken] = await Promise.allSettled([send(write).finally(() => closeFd(write)), take(read).finally(() => closeFd(read))]);
  // When one end fails the other sees a broken archive or a closed pipe: the one that failed first tells why.
  if (sent.status === 'rejected' && !isClosedPipe(sent.reason)) throw sent.reason;
  if (taken.status === 'rejected') throw taken.reason;
  if (sent.status === 'rejected') throw sent.reason;
  return [sent.value, taken.value];
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof DockerliteError && error.errno === constants.errno.EPIPE;
}
