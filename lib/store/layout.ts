// SPDX-License-Identifier: Apache-2.0

/**
 * Every path inside a store and its run directory. Nobody else builds one. Subvolumes have a parent directory of their
 * own each: two snapshots made into one directory would wait for each other's transaction commit.
 */
export class Layout {
  constructor(
    readonly root: string,
    readonly storeId: string,
  ) {}

  static readonly defaultRoot = '/var/lib/dockerlite';

  /** Its presence makes a directory a store. */
  static marker(root: string): string {
    return `${root}/dockerlite.json`;
  }

  /** The loop image of a store whose root is not on btrfs. */
  static loopImage(root: string): string {
    return `${root}.img`;
  }

  /** Which block device the store is on, when it is on one. */
  static deviceFile(root: string): string {
    return `${root}.device`;
  }

  /** There while the store is being made, see init-journal.ts. */
  static initJournal(root: string): string {
    return `${root}.init`;
  }

  /** Of files that are overwritten in place, see init.ts. */
  get state(): string {
    return `${this.root}/state`;
  }
  get database(): string {
    return `${this.root}/state/state.db`;
  }
  /** Space for the state on a full disk, see reserve.ts. */
  get reserve(): string {
    return `${this.database}-reserve`;
  }
  get images(): string {
    return `${this.root}/images`;
  }
  get containers(): string {
    return `${this.root}/containers`;
  }
  get pool(): string {
    return `${this.root}/pool`;
  }
  get volumes(): string {
    return `${this.root}/volumes`;
  }
  get tmp(): string {
    return `${this.root}/tmp`;
  }

  get layers(): string {
    return `${this.root}/layers`;
  }
  /** Layers as registries hold them, by the hex digits of their digest; what is still coming ends with .part. */
  get blobs(): string {
    return `${this.root}/blobs`;
  }

  layer(chainId: string): string {
    return `${this.layers}/${chainId}`;
  }
  layerRootfs(chainId: string): string {
    return `${this.layers}/${chainId}/rootfs`;
  }
  blob(hex: string): string {
    return `${this.blobs}/${hex}`;
  }

  image(id: string): string {
    return `${this.images}/${id}`;
  }
  imageRootfs(id: string): string {
    return `${this.images}/${id}/rootfs`;
  }
  imageBase(id: string): string {
    return `${this.images}/${id}/base`;
  }
  imagePool(id: string): string {
    return `${this.pool}/${id}`;
  }

  volume(name: string): string {
    return `${this.volumes}/${name}`;
  }
  /** The subvolume that holds a volume's files. */
  volumeData(name: string): string {
    return `${this.volumes}/${name}/${Layout.volumeDataName}`;
  }
  static readonly volumeDataName = '_data';

  container(id: string): string {
    return `${this.containers}/${id}`;
  }
  containerRootfs(id: string): string {
    return `${this.containers}/${id}/rootfs`;
  }
  containerLog(id: string): string {
    return `${this.containers}/${id}/${id}-json.log`;
  }
  containerExit(id: string): string {
    return `${this.containers}/${id}/${Layout.exitName}`;
  }
  static readonly exitName = 'exit';

  /** On a tmpfs, so it is empty after a reboot, as the containers' processes are gone. */
  get run(): string {
    return `/run/dockerlite/${this.storeId}`;
  }
  /** Of the store's events, see events/journal.ts; the one before it has .1 at its end. */
  get journal(): string {
    return `${this.run}/events`;
  }
  /** There since `boot` has been at work, until the machine goes down. */
  get booted(): string {
    return `${this.run}/booted`;
  }
  /** Names of containers by network, see docs/network.md. */
  get names(): string {
    return `${this.run}/names`;
  }
  runDir(id: string): string {
    return `${this.run}/${id}`;
  }
  /** What its supervisor says of it, see containers/live-state.ts. */
  runState(id: string): string {
    return `${this.run}/${id}/${Layout.runStateName}`;
  }
  static readonly runStateName = 'state';
  /** Where liblxc keeps lock files of the containers whose files are in `run`. */
  get lxcLocks(): string {
    return `/run/lxc/lock${this.run}`;
  }
  /** A compiled filter, see security/seccomp.ts. */
  seccompFilter(key: string): string {
    return `${this.run}/seccomp/${key}`;
  }
  controlSocket(id: string): string {
    return `${this.run}/${id}/ctl`;
  }
}
