// SPDX-License-Identifier: Apache-2.0
import type { ArchiveEnd } from '../binding/types';
import type { Context } from '../context';
import { imageId } from '../images/publish';
import { type SendOptions, type SentImage, sendTree } from '../images/snapshot/send';
import type { TransferEvent } from '../images/transfer';
import { committedImage } from './commit';
import { recordContainerEvent } from './container-events';
import type { ContainerRow } from './record';

/**
 * Sends what a container is now to another store, where it becomes an image as if it had been committed: of one moment, as the
 * tree that is sent is a snapshot. Nothing of it stays here.
 * @throws as sendImage
 */
export async function sendContainer(context: Context, row: ContainerRow, target: ArchiveEnd, options: SendOptions, emit: (event: TransferEvent) => void): Promise<SentImage> {
  const { oci, parent, size } = committedImage(context, row, {});
  const description = { id: imageId(oci), config: JSON.stringify(oci), tags: [], ancestor: parent, size };
  const begins = () => recordContainerEvent(context.store, row, 'send', { imageID: `sha256:${description.id}` });
  return sendTree(context, { tree: context.store.layout.containerRootfs(row.id), image: row.image, description, begins }, target, options, emit);
}
