// SPDX-License-Identifier: Apache-2.0
import type { Context } from './context';
import { Containers } from './containers/containers';
import { Launcher } from './containers/launcher';
import { Images } from './images/images';
import { settleImages } from './images/settle';
import { engineInfo, type EngineInfo } from './info';
import { Addresses } from './containers/addresses';
import { Networks } from './containers/networks';
import { type CheckOptions, checkStore } from './check/check';
import type { Finding } from './check/finding';
import { type DiskUsage, diskUsage, type DiskUsageOptions } from './disk-usage';
import type { EngineEvent } from './events/event';
import { clearTold, hasAnnounced, tellPosted } from './events/outbox';
import { type EventsOptions, watchEvents } from './events/events';
import { SnapshotPool } from './store/snapshot-pool';
import { Volumes } from './volumes/volumes';
import { openStore, type Store, storeRoot } from './store/store';
import { BIGINT, checkShape, FLAG, NUMBER, options as shape, SIGNAL, TEXT, TEXTS_OF_EACH } from './util/shape';
import { systemError } from './util/system-error';
import { sweepWorkspaces } from './store/workspace';

export interface EngineOptions {
  /** Absolute path; default $DOCKERLITE_ROOT, else /var/lib/dockerlite. */
  root?: string;
  /** Ready snapshots to keep per image in use; default 8, 0 for none. */
  pool?: number;
  /** For a process that starts one container and ends: the supervisor needs no fork. */
  oneShot?: boolean;
}

const OPEN = shape({ root: TEXT, pool: NUMBER, oneShot: FLAG });
const EVENTS = shape({ since: BIGINT, until: BIGINT, filters: TEXTS_OF_EACH, signal: SIGNAL });
const CLOSE = shape({ exiting: FLAG });
const DISK_USAGE = shape({ signal: SIGNAL });
const CHECK = shape({ repair: FLAG, signal: SIGNAL });

/** An open store and everything that can be done with it. Several may be open in one process, and in many. */
export class Engine implements AsyncDisposable {
  readonly images: Images;
  readonly containers: Containers;
  readonly addresses: Addresses;
  readonly volumes: Volumes;
  readonly networks: Networks;

  private constructor(private readonly context: Context) {
    this.images = new Images(context, (what, options) => {
      const { bootstrapImage } = require('./bootstrap/bootstrap') as typeof import('./bootstrap/bootstrap');
      return bootstrapImage(context, what, options);
    });
    this.containers = new Containers(context);
    this.addresses = new Addresses(context);
    this.volumes = new Volumes(context.store);
    this.networks = new Networks(context);
  }

  /** @throws E_STORE_MISSING, E_STORE_DAMAGED, E_PERMISSION, E_NATIVE_MISSING */
  static async open(options: EngineOptions = {}): Promise<Engine> {
    checkShape('options', options, OPEN);
    const launcher = new Launcher(options.oneShot === true);
    let store: Store | undefined;
    try {
      // Its loading then goes on behind the opening of the store.
      if (options.oneShot === true) launcher.prepare();
      store = await openStore(storeRoot(options.root));
      const pool = new SnapshotPool(store.layout, options.pool ?? 8);
      await sweepWorkspaces(store.layout);
      if (hasAnnounced(store)) await (require('./containers/finish-announced') as typeof import('./containers/finish-announced')).finishAnnounced({ store });
      tellPosted(store); // before what this process ends for others
      await settleImages(store);
      return new Engine({ store, pool, launcher });
    } catch (error) {
      launcher.close();
      store?.db.close();
      throw systemError(error);
    }
  }

  /** The store's directory. */
  get root(): string {
    return this.context.store.layout.root;
  }

  async info(): Promise<EngineInfo> {
    return engineInfo(this.context);
  }

  /** What takes space in the store. @throws E_ABORTED */
  async diskUsage(options: DiskUsageOptions = {}): Promise<DiskUsage> {
    checkShape('options', options, DISK_USAGE);
    return diskUsage(this.context, options);
  }

  /** What happens in the store, whichever process does it; see EventsOptions. @throws E_INVALID */
  events(options: EventsOptions = {}): AsyncGenerator<EngineEvent> {
    checkShape('options', options, EVENTS);
    tellPosted(this.context.store);
    return watchEvents(this.context.store, options);
  }

  /** What in the store is not as it should be; with `repair`, mended. What a killed process left in the middle of its work was mended by `open`. */
  check(options: CheckOptions = {}): AsyncGenerator<Finding> {
    checkShape('options', options, CHECK);
    return checkStore(this.context, options);
  }

  /**
   * Containers go on running. Safe to call twice. A process that is `exiting` leaves SQLite's write-ahead log to the next
   * one: folding it into the database would be three fsyncs for everybody who runs one command.
   */
  async close(options: { exiting?: boolean } = {}): Promise<void> {
    checkShape('options', options, CLOSE);
    this.context.launcher.close();
    await this.context.pool.settled();
    clearTold(this.context.store.db);
    if (options.exiting === true) this.context.store.db.checkpoint();
    else this.context.store.db.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
