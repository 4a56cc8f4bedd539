// SPDX-License-Identifier: Apache-2.0
import type { DockerliteError } from '../errors';
import { loadAddon } from './load';
import { native, wrapNativeError } from './native-error';
import type { FileSystemInfo, NativeChange, NativePath, SnapshotRequest, SubvolumeInfo } from './types';

export { wrapNativeError };

const addon = () => loadAddon('dockerlite');

/** Makes an empty subvolume `parent`/`name`. */
export function subvolumeCreate(parent: NativePath, name: string): Promise<void> {
  return native(() => addon().subvolumeCreate(parent, name));
}

/** Snapshots the subvolume `source` as `parent`/`name`. It waits for a transaction commit, with `parent` locked. */
export function snapshotCreate(source: NativePath, parent: NativePath, name: string, readonly: boolean): Promise<void> {
  return native(() => addon().snapshotCreate(source, parent, name, readonly));
}

/** The same, after the directory `parent`, for its owner alone, unless it is there. */
export function snapshotCreateWithParent(source: NativePath, parent: NativePath, name: string, readonly: boolean): Promise<void> {
  return native(() => addon().snapshotCreateWithParent(source, parent, name, readonly));
}

/**
 * Many snapshots at once, on `threads` (1 to 256) threads. Answers are in the order of the requests: null, or why that
 * one failed; the call itself only rejects for a wrong argument. A missing `parent` is made.
 */
export async function snapshotBatch(requests: SnapshotRequest[], threads: number): Promise<(DockerliteError | null)[]> {
  const answers = await native(() => addon().snapshotBatch(requests, threads));
  return answers.map((answer) => (answer === null ? null : wrapNativeError(answer)));
}

/** Deletes the subvolume `parent`/`name` and those in it; one that is gone already is fine. */
export function subvolumeDelete(parent: NativePath, name: string): Promise<void> {
  return native(() => addon().subvolumeDelete(parent, name));
}

/** The same, then the directory `parent` itself with the files beside the subvolume. */
export function subvolumeDeleteWithParent(parent: NativePath, name: string): Promise<void> {
  return native(() => addon().subvolumeDeleteWithParent(parent, name));
}

export function subvolumeInfo(path: NativePath): Promise<SubvolumeInfo> {
  return native(() => addon().subvolumeInfo(path));
}

export function subvolumeSetReadonly(path: NativePath, readonly: boolean): Promise<void> {
  return native(() => addon().subvolumeSetReadonly(path, readonly));
}

/** Paths, relative to `path`, of the subvolumes below it, parents before children. */
export function subvolumeNested(path: NativePath): Promise<Buffer[]> {
  return native(() => addon().subvolumeNested(path));
}

/** Files made in this directory from now on are overwritten in place. */
export function disableCopyOnWrite(directory: NativePath): Promise<void> {
  return native(() => addon().disableCopyOnWrite(directory));
}

/** What was done before on the file system of `path` survives a power cut once this has resolved. */
export function sync(path: NativePath): Promise<void> {
  return native(() => addon().sync(path));
}

/** What changed between two read-only snapshots; paths have no leading slash. */
export function sendDiff(parent: NativePath, snapshot: NativePath): Promise<NativeChange[]> {
  return native(() => addon().sendDiff(parent, snapshot));
}

/** When each process began, in clock ticks since boot; 0 for none and for a zombie. Some microseconds each, in another thread. */
export function startTimes(pids: number[]): Promise<Float64Array> {
  return native(() => addon().startTimes(Int32Array.from(pids)));
}

/** For each of these directories in `parent` 1 when it has a file of that name. Half a microsecond each, a twentieth of what existsSync takes. */
export function existing(parent: string, directories: readonly string[], file: string): Uint8Array {
  return addon().existing(parent, directories.length === 0 ? '' : `${directories.join(`/${file}\0`)}/${file}`);
}

export function statfs(path: NativePath): Promise<FileSystemInfo> {
  return native(() => addon().statfs(path));
}

/** Mounts a btrfs image; does nothing where it is mounted on `target` already. */
export function mountLoop(file: NativePath, target: NativePath): Promise<void> {
  return native(() => addon().mountLoop(file, target));
}

/** Mounts a block device with btrfs; does nothing where it is mounted on `target` already. */
export function mountDevice(device: NativePath, target: NativePath): Promise<void> {
  return native(() => addon().mountDevice(device, target));
}

export function unmount(target: NativePath): Promise<void> {
  return native(() => addon().unmount(target));
}

/** Takes the file from a loop device; once nobody uses it, if somebody does. */
export function detachLoop(device: NativePath): Promise<void> {
  return native(() => addon().detachLoop(device));
}

/** What a file or device holds: '' for nothing but zeros, a word such as 'btrfs' or 'ext', or 'unknown'. */
export function probeSignature(device: NativePath): Promise<string> {
  return native(() => addon().probeSignature(device));
}

/** rename(2), failing with E_CONFLICT where `to` exists. */
export function renameNoReplace(from: NativePath, to: NativePath): Promise<void> {
  return native(() => addon().renameNoReplace(from, to));
}

/** Makes what is missing of the given paths inside an untrusted tree; true when anything was. */
export function makeMountPoints(root: NativePath, directories: string[], files: string[]): Promise<boolean> {
  return native(() => addon().makeMountPoints(root, directories, files));
}

/** The paths with every symbolic link in them followed inside the tree, relative to it. */
export function realPaths(root: NativePath, paths: string[]): Promise<string[]> {
  return native(() => addon().realPaths(root, paths));
}

/** Those of the paths that `makeMountPoints` would have to make. */
export function missingMountPoints(root: NativePath, directories: string[], files: string[]): Promise<string[]> {
  return native(() => addon().missingMountPoints(root, directories, files));
}
