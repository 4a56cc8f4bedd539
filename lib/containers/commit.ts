// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { applyChanges } from '../images/changes';
import { recordImageEvent } from '../images/image-events';
import { publishImage, snapshotDiffId } from '../images/publish';
import { type ImageRow, type OciImage, toImage, type Image } from '../images/record';
import { parseReference } from '../images/reference';
import { withUndo } from '../util/undo';
import { recordContainerEvent } from './container-events';
import { type ContainerRow, specOf } from './record';

export interface CommitOptions {
  /** repository[:tag] of the new image. */
  reference?: string;
  author?: string;
  comment?: string;
  /** Dockerfile instructions: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR. */
  changes?: string[];
}

/** A container's present state as an image, but for its tree. */
export interface CommittedImage {
  oci: OciImage;
  /** Id of the image it was made from. */
  parent: string;
  size: number;
  tag?: string;
}

/** @throws E_INVALID */
export function committedImage({ store }: Context, row: ContainerRow, options: CommitOptions): CommittedImage {
  const reference = options.reference === undefined ? undefined : parseReference(options.reference);
  const parent = store.db.get<ImageRow>('SELECT * FROM images WHERE id = ?', row.image);
  const spec = specOf(row);
  const before = parent === undefined ? undefined : (JSON.parse(parent.config) as OciImage);
  const created = new Date().toISOString();
  const config = applyChanges(
    {
      ...before?.config,
      User: spec.user,
      Env: spec.env.filter((entry) => !entry.startsWith('HOSTNAME=')),
      Entrypoint: spec.entrypoint,
      Cmd: spec.command,
      WorkingDir: spec.workdir,
      Labels: spec.labels,
      ...(spec.healthcheck && { Healthcheck: spec.healthcheck }),
    },
    options.changes ?? [],
  );
  const oci: OciImage = {
    created,
    ...(options.author === undefined ? {} : { author: options.author }),
    architecture: before?.architecture ?? process.arch,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [...(before?.rootfs.diff_ids ?? []), snapshotDiffId()] },
    history: [...(before?.history ?? []), { created, created_by: spec.argv.join(' '), ...(options.comment === undefined ? {} : { comment: options.comment }) }],
  };
  return { oci, parent: row.image, size: parent?.size ?? 0, ...(reference && { tag: `${reference.repository}:${reference.tag}` }) };
}

/**
 * Makes an image of a container's present state: one read-only snapshot, durable when this returns.
 * @throws E_INVALID, E_NO_SPACE
 */
export async function commitContainer(context: Context, row: ContainerRow, options: CommitOptions): Promise<Image> {
  const { store } = context;
  const image = committedImage(context, row, options);
  const made = await withUndo((undo) => publishImage(store, store.layout.containerRootfs(row.id), image, undo));
  const { tag, oci } = image;
  if (tag !== undefined) recordImageEvent(store, 'tag', made.id, tag, oci);
  recordContainerEvent(store, row, 'commit', { comment: options.comment ?? '', imageID: `sha256:${made.id}`, imageRef: tag ?? '' });
  return toImage(store, made);
}
