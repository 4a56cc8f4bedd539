// SPDX-License-Identifier: Apache-2.0
import { loadAddon } from './load';
import { run, type WithJob } from './jobs';
import type { ArchiveBinding, ArchiveEnd, CopyTreeOptions, LayerChanges, NativePath, PackOptions, PathStat, UnpackOptions, UnpackResult } from './types';

/** What the addon itself offers, see jobs.ts. */
interface Addon {
  unpack(source: ArchiveEnd, root: NativePath, options: WithJob<UnpackOptions>): Promise<UnpackResult>;
  decompress(source: ArchiveEnd, target: ArchiveEnd, options: WithJob<DecompressOptions>): Promise<number>;
  pack(root: NativePath, target: ArchiveEnd, options: WithJob<PackOptions>): Promise<Count>;
  packLayer(below: NativePath, root: NativePath, target: ArchiveEnd, changes: WithJob<LayerChanges>): Promise<Count>;
  copyTree(source: NativePath, root: NativePath, options: WithJob<object>): Promise<Count>;
  statInRoot(root: NativePath, path: string): Promise<PathStat>;
}

type Count = Awaited<ReturnType<ArchiveBinding['pack']>>;

const addon = () => loadAddon('dockerlite-archive') as unknown as Addon;

/**
 * Unpacks a tar of any compression libarchive reads below `root`. After a failure `root` holds part of it: throw it away.
 * @throws E_ARCHIVE (not a tar, damaged, leaves the root, over a limit), E_NO_SPACE, E_ABORTED, E_NOT_FOUND
 */
export function unpack(source: ArchiveEnd, root: NativePath, options: UnpackOptions = {}): Promise<UnpackResult> {
  return run(options, (job) => addon().unpack(source, root, job));
}

export interface DecompressOptions {
  /** Stop past this many bytes. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/** Writes what a compressed file holds; a plain one is copied. @throws E_ARCHIVE, E_NO_SPACE, E_ABORTED */
export function decompress(source: ArchiveEnd, target: ArchiveEnd, options: DecompressOptions = {}): Promise<number> {
  return run(options, (job) => addon().decompress(source, target, job));
}

/**
 * Packs `root`, or what is at `from` inside it, as PAX tar.
 * @throws E_NOT_FOUND, E_ABORTED, E_SYSTEM with errno EPIPE when the reader has gone
 */
export function pack(root: NativePath, target: ArchiveEnd, options: PackOptions = {}): Promise<Count> {
  return run(options, (job) => addon().pack(root, target, job));
}

/** Packs the difference between two trees as a layer, see LayerChanges. @throws E_NOT_FOUND, E_ABORTED */
export function packLayer(below: NativePath, root: NativePath, target: ArchiveEnd, changes: LayerChanges): Promise<Count> {
  return run(changes, (job) => addon().packLayer(below, root, target, job));
}

/** Copies what is in the host's directory `source` into `root`. Sockets are left out, as in archives. */
export function copyTree(source: NativePath, root: NativePath, options: CopyTreeOptions = {}): Promise<Count> {
  return run(options, (job) => addon().copyTree(source, root, job));
}

/** lstat(2) of a path inside the root; `link/` is what the link leads to, which is a directory. */
export function statInRoot(root: NativePath, path: string): Promise<PathStat> {
  return run({}, () => addon().statInRoot(root, path));
}
