// SPDX-License-Identifier: Apache-2.0
import { loadAddon } from './load';
import { run, type WithJob } from './jobs';
import type { ArchiveEnd, NativePath, ReceiveSnapshotOptions, SendSnapshotOptions } from './types';

/** An open source of snapshots. */
export type SnapshotSource = object & { readonly brand: unique symbol };

/** What the addon itself offers, see jobs.ts. */
interface Addon {
  sendSnapshot(tree: NativePath, target: ArchiveEnd, options: WithJob<SendSnapshotOptions>): Promise<number>;
  openSnapshots(source: ArchiveEnd): Promise<SnapshotSource>;
  nextSnapshot(source: SnapshotSource, options: WithJob<object>): Promise<Buffer | null>;
  receiveSnapshot(source: SnapshotSource, options: WithJob<ReceiveSnapshotOptions>): Promise<{ entries: number; bytes: number }>;
  snapshotsDigest(source: SnapshotSource): string;
  closeSnapshots(source: SnapshotSource): Promise<void>;
}

const addon = () => loadAddon('dockerlite-archive') as unknown as Addon;

/**
 * Writes a read-only subvolume as a description and a btrfs send stream; how many bytes that were.
 * @throws E_NOT_FOUND, E_PERMISSION (not read-only), E_ABORTED, E_SYSTEM with errno EPIPE when the reader has gone
 */
export function send(tree: NativePath, target: ArchiveEnd, options: SendSnapshotOptions): Promise<number> {
  return run(options, (job) => addon().sendSnapshot(tree, target, job));
}

/** Opens what `send` wrote, several times perhaps, compressed or not. To be closed. */
export function open(source: ArchiveEnd): Promise<SnapshotSource> {
  return run({}, () => addon().openSnapshots(source));
}

/** Description of the next image, undefined after the last. @throws E_ARCHIVE, E_UNSUPPORTED, E_ABORTED */
export async function next(source: SnapshotSource, options: { signal?: AbortSignal }): Promise<Buffer | undefined> {
  return (await run(options, (job) => addon().nextSnapshot(source, job))) ?? undefined;
}

/**
 * Makes the tree that follows the description of a subvolume. After a failure it holds part of it: throw it away.
 * @throws E_ARCHIVE (damaged, hostile, not a difference to this parent, over a limit), E_NO_SPACE, E_ABORTED
 */
export function receive(source: SnapshotSource, options: ReceiveSnapshotOptions): Promise<{ entries: number; bytes: number }> {
  return run(options, (job) => addon().receiveSnapshot(source, job));
}

/** sha256 (hex) of the source as it was read, once there is no next image. */
export function digest(source: SnapshotSource): string {
  return addon().snapshotsDigest(source);
}

export function close(source: SnapshotSource): Promise<void> {
  return run({}, () => addon().closeSnapshots(source));
}
