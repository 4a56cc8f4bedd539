// SPDX-License-Identifier: Apache-2.0
import type { Isolation } from '../security/isolation';
import type { Resources } from './resources';

export interface BindMount {
  type: 'bind';
  /** Absolute path on the host. */
  source: string;
  /** Absolute path in the container. */
  target: string;
  readonly: boolean;
}

export interface TmpfsMount {
  type: 'tmpfs';
  target: string;
  /** Mount options as Docker's --tmpfs takes them, e.g. "size=64m,mode=1777". */
  options: string;
}

export type MountSpec = BindMount | TmpfsMount;

/** What a caller may say when creating a container. CLI flags, library options and API JSON all become this. */
export interface ContainerOptions {
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
  /** Name or number. */
  stopSignal?: string | number;
  /** Seconds before SIGKILL; default 10. */
  stopTimeout?: number;
  network?: 'none' | 'bridge' | 'host';
  ip?: string;
  /** -v: "host:container[:ro]" or structured. */
  mounts?: (string | MountSpec)[];
  tmpfs?: string[];
  readonlyRootfs?: boolean;
  privileged?: boolean;
  /** Limits on memory, processors, processes and block I/O. */
  resources?: Partial<Resources>;
  /** Namespaces, capabilities, seccomp, devices and what else keeps it apart from the host. */
  isolation?: Partial<Isolation>;
  /** Run the project's init as PID 1. */
  init?: boolean;
  /** Remove when it exits. */
  autoRemove?: boolean;
}

/** The same, normalised once: nothing deeper has defaults. Stored in the container's row as JSON. */
export interface ContainerSpec {
  /** entrypoint then command, as one vector, never empty. */
  argv: string[];
  entrypoint: string[];
  command: string[];
  /** "K=V", image's and user's merged, PATH, HOSTNAME and (with a tty) TERM included; HOME is added by the shim. */
  env: string[];
  workdir: string;
  user: string;
  hostname: string;
  tty: boolean;
  openStdin: boolean;
  labels: Record<string, string>;
  /** Number. */
  stopSignal: number;
  stopTimeout: number;
  network: 'none' | 'bridge' | 'host';
  /** Fixed address asked for, '' for any. */
  ip: string;
  mounts: MountSpec[];
  readonlyRootfs: boolean;
  privileged: boolean;
  init: boolean;
  autoRemove: boolean;
  exposedPorts: string[];
  /** How it differs from the usual isolation; absent when it does not. */
  isolation?: Partial<Isolation>;
  /** What is limited; absent when nothing is. */
  resources?: Partial<Resources>;
}
