// SPDX-License-Identifier: Apache-2.0
import type { ArchiveEnd } from '../binding/types';
import type { Context } from '../context';
import { ARCHIVE_END, checkShape, NAME, type Shape, TEXT, TEXTS } from '../util/shape';
import type { Bootstrap, BootstrapOptions } from './bootstrap-options';
import { importImage, type ImportOptions, type ImportSource } from './import';
import { describeImage, type ImageInfo } from './inspect';
import { type ImageListOptions, listImages } from './list';
import type { HistoryEntry } from './history';
import type { LoadedImage, LoadOptions } from './load';
import type { PulledImage, PullOptions } from './pull';
import type { PushedImage, PushOptions } from './push';
import { pruneImages, type PrunedImages, type PruneImagesOptions } from './prune';
import { findImage, type Image, toImage } from './record';
import { removeImage, type RemovedImage, type RemoveImageOptions } from './remove';
import type { SaveOptions } from './save';
import type { ReceivedImage, ReceiveOptions } from './snapshot/receive';
import type { SendOptions, SentImage } from './snapshot/send';
import * as shapes from './option-shapes';
import { tagImage } from './tag';
import { Transfer } from './transfer';
import type { ImageTreeNode } from './tree';

/** What a program handed over, what it is called, and what it should be. */
type Given = [what: string, value: unknown, shape: Shape];

function check(...given: Given[]): void {
  for (const [what, value, shape] of given) checkShape(what, value, shape);
}

/** Of a transfer everything that goes wrong is told by its `result`. */
function begin<T>(given: Given[], start: () => Transfer<T>): Transfer<T> {
  try {
    check(...given);
  } catch (error) {
    return Transfer.failed(error);
  }
  return start();
}

/** The images of a store. */
export class Images {
  /** @internal */
  constructor(
    private readonly context: Context,
    private readonly make: Bootstrap,
  ) {}

  /** Makes an image of a directory or a tar archive. */
  async import(source: ImportSource, options: ImportOptions = {}): Promise<Image> {
    check(['source', source, ARCHIVE_END], ['options', options, shapes.IMPORT]);
    return importImage(this.context, source, options);
  }

  /** Makes a base image out of the packages that this machine's apt would install, see bootstrapImage. */
  bootstrap(what: string, options: BootstrapOptions = {}): Transfer<Image> {
    return begin([['image to bootstrap', what, TEXT], ['options', options, shapes.BOOTSTRAP]], () => this.make(what, options));
  }

  /** By name, id, or unique prefix of an id. @throws E_NO_SUCH_IMAGE, E_AMBIGUOUS */
  async get(wanted: string): Promise<Image> {
    return toImage(this.context.store, findImage(this.context.store, wanted));
  }

  /** What `inspect` shows, as plain data. @throws E_NO_SUCH_IMAGE, E_AMBIGUOUS */
  async inspect(wanted: string): Promise<ImageInfo> {
    return describeImage(this.context.store, await this.get(wanted));
  }

  /** Newest first. */
  async list(options: ImageListOptions = {}): Promise<Image[]> {
    check(['options', options, shapes.LIST]);
    return listImages(this.context.store, options);
  }

  /** The same images, each below the one it was made from. */
  async tree(options: ImageListOptions = {}): Promise<ImageTreeNode[]> {
    check(['options', options, shapes.LIST]);
    const { imageTree } = require('./tree') as typeof import('./tree');
    return imageTree(this.context.store, options);
  }

  /** Pulls an image from a registry, see pullImage. */
  pull(name: string, options: PullOptions = {}): Transfer<PulledImage> {
    return begin([['reference', name, NAME], ['options', options, shapes.PULL]], () => {
      const { pullImage } = require('./pull') as typeof import('./pull');
      return pullImage(this.context, name, options);
    });
  }

  /** Pulls every tag of a repository. */
  pullAllTags(name: string, options: PullOptions = {}): Transfer<PulledImage[]> {
    return begin([['reference', name, NAME], ['options', options, shapes.PULL]], () => {
      const { pullAllTags } = require('./pull') as typeof import('./pull');
      return pullAllTags(this.context, name, options);
    });
  }

  /** Pushes an image to the registry its name says, see pushImage. */
  push(name: string, options: PushOptions = {}): Transfer<PushedImage> {
    return begin([['reference', name, NAME], ['options', options, shapes.PUSH]], () => {
      const { pushImage } = require('./push') as typeof import('./push');
      return pushImage(this.context, name, options);
    });
  }

  /** How an image came to be, newest step first. @throws E_NO_SUCH_IMAGE, E_AMBIGUOUS */
  async history(wanted: string): Promise<HistoryEntry[]> {
    const { imageHistory } = require('./history') as typeof import('./history');
    return imageHistory(this.context.store, findImage(this.context.store, wanted));
  }

  /** Writes images as one archive, see saveImages. */
  async save(names: readonly string[], target: ArchiveEnd, options: SaveOptions = {}): Promise<void> {
    check(['names', names, TEXTS], ['target', target, ARCHIVE_END], ['options', options, shapes.ARCHIVE]);
    const { saveImages } = require('./save') as typeof import('./save');
    await saveImages(this.context, names, target, options);
  }

  /** Loads the images of an archive, see loadImages. */
  load(source: ArchiveEnd, options: LoadOptions = {}): Transfer<LoadedImage[]> {
    return begin([['source', source, ARCHIVE_END], ['options', options, shapes.ARCHIVE]], () => {
      const { loadImages } = require('./load') as typeof import('./load');
      return loadImages(this.context, source, options);
    });
  }

  /** Sends an image to another store, as the difference to what that has, see sendImage. */
  send(name: string, target: ArchiveEnd, options: SendOptions = {}): Transfer<SentImage> {
    return begin([['image', name, NAME], ['target', target, ARCHIVE_END], ['options', options, shapes.SEND]], () => {
      const { sendImage } = require('./snapshot/send') as typeof import('./snapshot/send');
      return sendImage(this.context, name, target, options);
    });
  }

  /** Receives what `send` sent, see receiveImages. */
  receive(source: ArchiveEnd, options: ReceiveOptions = {}): Transfer<ReceivedImage[]> {
    return begin([['source', source, ARCHIVE_END], ['options', options, shapes.RECEIVE]], () => {
      const { receiveImages } = require('./snapshot/receive') as typeof import('./snapshot/receive');
      return receiveImages(this.context, source, options);
    });
  }

  /** What this store has, for the `have` of a `send` to it. */
  async have(): Promise<string[]> {
    const { snapshotParents } = require('./snapshot/parent') as typeof import('./snapshot/parent');
    return snapshotParents(this.context.store);
  }

  /** Gives an image another name; a name that pointed elsewhere moves. */
  async tag(wanted: string, reference: string): Promise<void> {
    tagImage(this.context.store, wanted, reference);
  }

  /** Takes a name off an image, and removes the image with its last name. @throws E_CONFLICT while containers use it */
  async remove(wanted: string, options: RemoveImageOptions = {}): Promise<RemovedImage> {
    check(['options', options, shapes.REMOVE]);
    return removeImage(this.context, wanted, options);
  }

  /** Removes images without a name, or all from which no container was made. */
  async prune(options: PruneImagesOptions = {}): Promise<PrunedImages> {
    check(['options', options, shapes.PRUNE]);
    return pruneImages(this.context, options);
  }
}
