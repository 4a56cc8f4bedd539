// SPDX-License-Identifier: Apache-2.0

export type Propagation = 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared';

export interface BindMount {
  type: 'bind';
  /** Absolute path on the host. */
  source: string;
  /** Absolute path in the container. */
  target: string;
  readonly: boolean;
  /** Default rprivate. */
  propagation?: Propagation;
  /** Without what is mounted below the source. */
  nonRecursive?: boolean;
  /** A source that is missing is made, as -v does; otherwise it must be there. */
  createSource?: boolean;
}

export interface VolumeMount {
  type: 'volume';
  /** Made when it is not there. */
  name: string;
  target: string;
  readonly: boolean;
  /** Goes with its container, as nobody gave it a name. */
  anonymous?: boolean;
  /** Leave it empty although the image has files at the target. */
  noCopy?: boolean;
  /** Directory in the volume to mount instead of all of it. */
  subpath?: string;
  /** Of the volume, if it is made. */
  labels?: Record<string, string>;
  driverOptions?: Record<string, string>;
  /** Directory on the host, and whether what is at the subpath is a file; known when the container starts. */
  source?: string;
  subpathIsFile?: boolean;
}

export interface TmpfsMount {
  type: 'tmpfs';
  target: string;
  /** Mount options as Docker's --tmpfs takes them, e.g. "size=64m,mode=1777". */
  options: string;
}

export type MountSpec = BindMount | VolumeMount | TmpfsMount;

/** A mount as a caller may describe it; a volume without a name gets one of its own. */
export type MountOptions = BindMount | TmpfsMount | (Omit<VolumeMount, 'name' | 'readonly' | 'anonymous' | 'source' | 'subpathIsFile'> & { name?: string; readonly?: boolean; driver?: string });
