// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import type { Context } from '../context';
import { applyChanges } from '../images/changes';
import type { ImageConfig } from '../images/config';
import { postImageEvent } from '../images/image-events';
import { architecture } from '../images/oci';
import { publishImage, snapshotDiffId } from '../images/publish';
import { type ImageRow, type OciImage, toImage, type Image } from '../images/record';
import { parseReference } from '../images/reference';
import { checkAborted } from '../util/aborted';
import { signalName } from '../util/signals';
import { withUndo } from '../util/undo';
import { postContainerEvent } from './container-events';
import { describeVolumes } from './describe-mounts';
import { describeExposedPorts } from './inspect-ports';
import { ownEnvironment } from './normalise';
import { type ContainerRow, specOf } from './record';

export interface CommitOptions {
  /** repository[:tag] of the new image. */
  reference?: string;
  author?: string;
  comment?: string;
  /** Dockerfile instructions: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR. */
  changes?: string[];
  /** What was made of the image so far is taken back. */
  signal?: AbortSignal;
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
      Env: ownEnvironment(spec),
      Entrypoint: spec.entrypoint.length === 0 ? undefined : spec.entrypoint,
      Cmd: spec.command.length === 0 ? undefined : spec.command,
      WorkingDir: spec.workdir,
      Labels: spec.labels,
      ...ifAny('ExposedPorts', describeExposedPorts(spec)),
      ...ifAny('Volumes', describeVolumes(spec.mounts)),
      ...((before?.config.StopSignal ?? spec.stopSignal !== constants.signals.SIGTERM) && { StopSignal: signalName(spec.stopSignal) }),
      ...(spec.healthcheck && { Healthcheck: spec.healthcheck }),
    },
    options.changes ?? [],
  );
  const oci: OciImage = {
    created,
    ...(options.author === undefined ? {} : { author: options.author }),
    architecture: before?.architecture ?? architecture(),
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [...(before?.rootfs.diff_ids ?? []), snapshotDiffId()] },
    history: [...(before?.history ?? []), { created, created_by: spec.argv.join(' '), ...(options.comment === undefined ? {} : { comment: options.comment }) }],
  };
  return { oci, parent: row.image, size: parent?.size ?? 0, ...(reference && { tag: `${reference.repository}:${reference.tag}` }) };
}

/**
 * Makes an image of a container's present state: one read-only snapshot, durable when this returns.
 * @throws E_INVALID, E_NO_SPACE, E_ABORTED
 */
export async function commitContainer(context: Context, row: ContainerRow, options: CommitOptions): Promise<Image> {
  const { store } = context;
  const { signal } = options;
  checkAborted(signal);
  const image = committedImage(context, row, options);
  const { tag, oci } = image;
  const onReady = (id: string) => {
    if (tag !== undefined) postImageEvent(store, 'tag', id, tag, oci);
    postContainerEvent(store, row, 'commit', { comment: options.comment ?? '', imageID: `sha256:${id}`, imageRef: tag ?? '' });
  };
  const made = await withUndo((undo) => publishImage(store, store.layout.containerRootfs(row.id), { ...image, onReady, signal }, undo));
  return toImage(store, made);
}

function ifAny(key: 'ExposedPorts' | 'Volumes', set: Record<string, Record<string, never>> | null): Pick<ImageConfig, typeof key> {
  return set === null || Object.keys(set).length === 0 ? {} : { [key]: set };
}
