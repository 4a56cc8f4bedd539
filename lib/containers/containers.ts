// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { clearTold } from '../events/outbox';
import { bootContainers, type BootResult, shutDownContainers } from './boot';
import { Container } from './container';
import { createContainer, createContainers, type CreateManyOptions } from './create';
import { type ContainerSummary, listContainers, type ListOptions } from './list';
import { CONTAINER, LIST_OPTIONS, START } from './option-shapes';
import { pruneContainers, type PrunedContainers, type PruneOptions } from './prune';
import { checkShape, LIST, OBJECT, TEXTS } from '../util/shape';
import { findContainer, latestContainer } from './record';
import { containerSizes } from '../store/sizes';
import { settle } from './settle';
import { type ContainerSize, withSizes } from './size';
import type { ContainerOptions } from './spec';
import type { StartOptions } from './start';
import { allStats, type AllStatsOptions } from './stats/stats';
import type { ContainerStats } from './stats/types';

/** The containers of a store. */
export class Containers {
  /** @internal */
  constructor(private readonly context: Context) {}

  /** One snapshot and one row; nothing runs yet. @throws E_NO_SUCH_IMAGE, E_INVALID, E_NAME_IN_USE */
  async create(options: ContainerOptions): Promise<Container> {
    checkShape('options', options, CONTAINER);
    const { id, warnings } = await createContainer(this.context, options);
    return new Container(this.context, id, warnings);
  }

  /** Creates many at once, their snapshots sharing the file system's commits: all or none. @throws as create, E_ABORTED */
  async createMany(options: ContainerOptions[], how: CreateManyOptions = {}): Promise<Container[]> {
    checkShape('list of options', options, LIST);
    checkShape('options', how, OBJECT);
    for (const each of options) checkShape('options', each, CONTAINER);
    const created = await createContainers(this.context, options, how);
    clearTold(this.context.store.db); // of thousands, which every other process would look through until this one changes something
    return created.map(({ id, warnings }) => new Container(this.context, id, warnings));
  }

  /** Creates and starts. When it cannot be started it stays, as Docker leaves it, unless `autoRemove`. */
  async run(options: ContainerOptions, start: StartOptions = {}): Promise<Container> {
    checkShape('start options', start, START);
    this.context.launcher.prepare();
    const container = await this.create(options);
    try {
      await container.start(start);
    } catch (error) {
      if (options.autoRemove) await container.remove({ force: true });
      throw error;
    }
    return container;
  }

  /** After a reboot: starts what should run, see boot.ts. What cannot be started has an `error`. */
  async boot(): Promise<BootResult[]> {
    return bootContainers(this.context);
  }

  /** Before the machine goes down: stops all containers at once; `boot` starts those with a restart policy again. */
  async shutDown(): Promise<BootResult[]> {
    return shutDownContainers(this.context);
  }

  /** By id, name, or unique prefix of an id. @throws E_NO_SUCH_CONTAINER, E_AMBIGUOUS */
  async get(wanted: string): Promise<Container> {
    return new Container(this.context, findContainer(this.context.store, wanted).id);
  }

  /** The one created last. @throws E_NO_SUCH_CONTAINER */
  async latest(): Promise<Container> {
    await settle(this.context);
    return new Container(this.context, latestContainer(this.context.store).id);
  }

  /** What containers use of the machine: every second a sample of each that runs then. */
  async *stats(options: AllStatsOptions = {}): AsyncGenerator<ContainerStats[]> {
    yield* allStats(this.context, options);
  }

  /**
   * Bytes each has written since its image and still holds, by id, subvolumes made inside it included; no tree is walked.
   * Empty where the store's file system has no simple quotas.
   */
  async sizes(ids: string[]): Promise<Map<string, number>> {
    checkShape('ids', ids, TEXTS);
    return containerSizes(this.context.store, ids);
  }

  /** Newest first; running ones only, unless `all`. */
  async list(options: ListOptions & { size: true }): Promise<(ContainerSummary & { size: ContainerSize })[]>;
  async list(options?: ListOptions): Promise<ContainerSummary[]>;
  async list(options: ListOptions = {}): Promise<ContainerSummary[]> {
    checkShape('options', options, LIST_OPTIONS);
    const list = await listContainers(this.context, options);
    return options.size === true ? withSizes(this.context, list) : list;
  }

  /** Removes every container that does not run. */
  async prune(options: PruneOptions = {}): Promise<PrunedContainers> {
    return pruneContainers(this.context, options);
  }
}
