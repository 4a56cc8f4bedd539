// SPDX-License-Identifier: Apache-2.0
import type { Networking, NetworkingOptions } from './networking';
import type { Isolation } from '../security/isolation';
import type { LogOptions, LogSpec } from './log-options';
import type { MountOptions, MountSpec } from './mount-spec';
import type { Healthcheck } from '../images/config';
import type { HealthOptions } from './healthcheck';
import type { Resources } from './resources';
import type { BeforeUpdate } from './update-running';
import type { StorageLimit } from './storage';
import type { RestartPolicy } from './restart-policy';

/** What a caller may say when creating a container. CLI flags, library options and API JSON all become this. */
export interface ContainerOptions extends NetworkingOptions {
  image: string;
  name?: string;
  command?: string[];
  entrypoint?: string[];
  env?: Record<string, string> | string[];
  workdir?: string;
  user?: string;
  hostname?: string;
  tty?: boolean;
  /** Keep stdin open (-i). */
  openStdin?: boolean;
  labels?: Record<string, string>;
  /** Kept and shown, as Docker keeps them for an OCI runtime: nothing here reads them. */
  annotations?: Record<string, string>;
  /** Name or number. */
  stopSignal?: string | number;
  /** Seconds before SIGKILL; default 10. */
  stopTimeout?: number;
  /** As -v takes them, e.g. "name:/path" or "/host:/path:ro", or structured. */
  mounts?: (string | MountOptions)[];
  tmpfs?: string[];
  /** Mounts of other containers as well: "container[:ro]". */
  volumesFrom?: string[];
  readonlyRootfs?: boolean;
  privileged?: boolean;
  /** Limits on memory, processors, processes and block I/O. */
  resources?: Partial<Resources>;
  /** Limits on what it writes to its own file system: `size`, e.g. '10G'. Needs simple quotas. */
  storageOptions?: Record<string, string>;
  /** Namespaces, capabilities, seccomp, devices and what else keeps it apart from the host. */
  isolation?: Partial<Isolation>;
  /** What becomes of what it writes; default: kept in a file, as json-file without options. */
  log?: LogOptions;
  /** Run the project's init as PID 1. */
  init?: boolean;
  /** Remove when it exits. */
  autoRemove?: boolean;
  /** Start it again when it has ended: `always`, `on-failure:3`, …, or the same as an object; default `no`. */
  restart?: string | RestartPolicy;
  /** Instead of the image's, or over it where something is not given; false for none. */
  healthcheck?: HealthOptions | false;
}

/** The same, normalised once: nothing deeper has defaults. Stored in the container's row as JSON. */
export interface ContainerSpec {
  /** entrypoint then command, as one vector, never empty. */
  argv: string[];
  entrypoint: string[];
  command: string[];
  /** "K=V", image's and user's merged, PATH, HOSTNAME and (with a tty) TERM included; HOME is added by the shim. */
  env: string[];
  /** Names of those in `env` that neither image nor user gave. */
  envDefaults?: string[];
  workdir: string;
  user: string;
  hostname: string;
  tty: boolean;
  openStdin: boolean;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  /** Number. */
  stopSignal: number;
  stopTimeout: number;
  /** Docker's NetworkMode: none, host, container:ID, or the name of the first network. */
  network: string;
  /** Fixed address asked for, '' for any. */
  ip: string;
  mounts: MountSpec[];
  volumesFrom?: string[];
  readonlyRootfs: boolean;
  privileged: boolean;
  init: boolean;
  autoRemove: boolean;
  exposedPorts: string[];
  /** Networks, and how names are resolved; absent for a container of the default bridge, none or host, and no more. */
  networking?: Networking;
  /** Absent when nobody ever asked for one. */
  restart?: RestartPolicy;
  /** Absent without one. */
  healthcheck?: Healthcheck;
  /** How it differs from the usual isolation; absent when it does not. */
  isolation?: Partial<Isolation>;
  /** What becomes of what it writes; absent when that is the default. */
  log?: LogSpec;
  /** What is limited; absent when nothing is. */
  resources?: Partial<Resources>;
  storage?: StorageLimit;
  /** Updates of the container while it runs that have been begun, by the numbers of their events: what they are to take back if they cannot be. */
  unfinished?: Record<string, BeforeUpdate>;
}
