// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import * as archive from '../binding/archive';
import type { ArchiveEnd } from '../binding/types';
import * as btrfs from '../binding/btrfs';
import type { Context } from '../context';
import { DockerliteError, invalid } from '../errors';
import { parsePlatform } from '../registry/platform';
import { Workspace } from '../store/workspace';
import { withUndo } from '../util/undo';
import { applyChanges } from './changes';
import { postImport } from './image-events';
import { architecture } from './oci';
import { publishImage, snapshotDiffId } from './publish';
import { type Image, type OciImage, toImage } from './record';
import { parseReference } from './reference';

export interface ImportOptions {
  /** repository[:tag] of the new image. */
  reference?: string;
  /** Dockerfile instructions, see applyChanges. */
  changes?: string[];
  comment?: string;
  /** Platform of what is in it, e.g. linux/arm64; default this machine's. */
  platform?: string;
  signal?: AbortSignal;
}

/** A directory, a tar file of any compression libarchive reads, or a descriptor a tar comes from. */
export type ImportSource = { path: string } | { fd: number };

/**
 * Makes an image of a directory or an archive. Nothing of it is visible before it is complete and durable.
 * @throws E_ARCHIVE (not a tar, hostile, truncated), E_NO_SPACE, E_NOT_FOUND, E_INVALID, E_ABORTED
 */
export async function importImage(context: Context, source: ImportSource, options: ImportOptions): Promise<Image> {
  const { store } = context;
  const reference = options.reference === undefined ? undefined : parseReference(options.reference);
  const config = applyChanges({}, options.changes ?? []);
  const platform = platformOf(options);
  const fill = chooseFill(source, options.signal);
  return withUndo(async (undo) => {
    const workspace = Workspace.create(store.layout, 'import');
    undo.add(() => workspace.remove());
    await btrfs.subvolumeCreate(workspace.path, 'rootfs');
    const filled = await fill(workspace.rootfs);
    const created = new Date().toISOString();
    const oci: OciImage = {
      created,
      ...platform,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [filled.diffId ?? snapshotDiffId()] },
      history: [{ created, comment: options.comment ?? `Imported from ${'path' in source ? source.path : '-'}` }],
    };
    const tag = reference && `${reference.repository}:${reference.tag}`;
    const image = { oci, parent: '', size: filled.bytes, tag, onReady: (id: string) => postImport(store, id, tag, oci) };
    const row = await publishImage(store, workspace.rootfs, image, undo);
    await workspace.remove();
    return toImage(store, row);
  });
}

function platformOf({ platform }: ImportOptions): Pick<OciImage, 'architecture' | 'variant'> {
  if (platform === undefined || platform === '') return { architecture: architecture() };
  const { os, ...rest } = parsePlatform(platform);
  if (os !== 'linux') throw new DockerliteError('E_INVALID', `operating system is not supported: ${os}`);
  return rest;
}

type Fill = (rootfs: string) => Promise<{ bytes: number; diffId?: string }>;

function chooseFill(source: ImportSource, signal?: AbortSignal): Fill {
  if ('path' in source) {
    if (/^[a-z]+:\/\//.test(source.path)) throw invalid('import source', 'a file, a directory or - (URLs are not fetched)', source.path);
    let directory: boolean;
    try {
      directory = statSync(source.path).isDirectory();
    } catch (error) {
      throw new DockerliteError('E_NOT_FOUND', `cannot import ${source.path}: no such file or directory`, { path: source.path, cause: error });
    }
    if (directory) return (rootfs) => archive.copyTree(source.path, rootfs, { signal });
  }
  const end: ArchiveEnd = source;
  return async (rootfs) => {
    const { bytes, diffId } = await archive.unpack(end, rootfs, { signal });
    return { bytes, diffId: `sha256:${diffId}` };
  };
}
