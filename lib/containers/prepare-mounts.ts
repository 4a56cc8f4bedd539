// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, realpathSync, statSync } from 'node:fs';
import * as archive from '../binding/archive';
import * as btrfs from '../binding/btrfs';
import { type Mount, readMounts } from '../binding/mounts';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { volumeSources } from '../volumes/claim';
import { volumeMounts } from './container-volumes';
import type { MountSpec } from './mount-spec';
import { checkMountTarget } from './mount-targets';
import { requireSource } from './mounts';

/**
 * A container's mounts as its next run has them: outer ones first, sources found, and targets that are there and have no
 * symbolic link in their path, as liblxc follows none. @throws E_INVALID, E_NOT_FOUND
 */
export async function prepareMounts(store: Store, id: string, mounts: MountSpec[]): Promise<MountSpec[]> {
  if (mounts.length === 0) return mounts;
  const volumes = volumeMounts(mounts).length > 0 ? volumeSources(store, id) : new Map<string, string>();
  const found = await Promise.all(mounts.map((mount) => withSubpath(withSource(mount, volumes))));
  const sorted = found.sort((one, other) => depth(one) - depth(other));
  // What is below another mount is made in that one, by liblxc.
  const outer = sorted.filter((mount) => outerOf(sorted, mount) === undefined);
  const root = store.layout.containerRootfs(id);
  const paths = (list: MountSpec[]) => list.map(({ target }) => target.slice(1));
  await btrfs.makeMountPoints(root, paths(outer.filter((mount) => !isFile(mount))), paths(outer.filter(isFile)));
  const real = await btrfs.realPaths(root, paths(outer));
  const targets = new Map(outer.map(({ target }, index) => [target, `/${real[index]}`]));
  return sorted.map((mount) => {
    const above = outerOf(sorted, mount)?.target ?? mount.target;
    const target = `${targets.get(above)}${mount.target.slice(above.length)}`;
    checkMountTarget(target, mount);
    return { ...mount, target };
  });
}

function withSource(mount: MountSpec, volumes: Map<string, string>): MountSpec {
  if (mount.type === 'tmpfs') return mount;
  if (mount.type === 'bind') {
    // Those made before this was noted were made by -v.
    if (mount.createSource === false) requireSource(mount.source);
    else if (statSync(mount.source, { throwIfNoEntry: false }) === undefined) mkdirSync(mount.source, { recursive: true });
    if (mount.propagation === 'slave' || mount.propagation === 'rslave') requirePropagation(mount.source);
    return mount;
  }
  const source = volumes.get(mount.name);
  if (source === undefined || statSync(source, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new DockerliteError('E_NOT_FOUND', `failed to mount local volume: ${mount.name}: ${source ?? 'its volume'} is not there`, { path: source });
  }
  return { ...mount, source };
}

/** From a private mount of the host nothing would ever arrive. @throws E_INVALID in Docker's words */
function requirePropagation(source: string): void {
  const path = realpathSync(source);
  const isIn = (target: string) => target === '/' || path === target || path.startsWith(`${target}/`);
  // The innermost, and of those at one place the one on top, which is the last.
  const mount = readMounts().reduce<Mount | undefined>((best, one) => (isIn(one.target) && one.target.length >= (best?.target.length ?? 0) ? one : best), undefined);
  if (mount === undefined || mount.propagates) return;
  throw new DockerliteError('E_INVALID', `path ${source} is mounted on ${mount.target} but it is not a shared or slave mount`, { path: source });
}

/** @throws E_NOT_FOUND in Docker's words */
async function withSubpath(mount: MountSpec): Promise<MountSpec> {
  if (mount.type !== 'volume' || mount.subpath === undefined) return mount;
  const { source = '', subpath } = mount;
  try {
    const [real = ''] = await btrfs.realPaths(source, [subpath]);
    const { mode } = await archive.statInRoot(source, real);
    return { ...mount, subpathIsFile: (mode & S_IFMT) !== S_IFDIR };
  } catch (cause) {
    throw new DockerliteError('E_NOT_FOUND', `cannot access path ${subpath} of volume ${mount.name}: no such file or directory`, { cause });
  }
}

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;

function depth({ target }: MountSpec): number {
  return target.split('/').length;
}

/** The outermost other mount that this one is below of. */
function outerOf(sorted: MountSpec[], mount: MountSpec): MountSpec | undefined {
  return sorted.find((other) => mount.target.startsWith(`${other.target}/`));
}

function isFile(mount: MountSpec): boolean {
  if (mount.type === 'volume') return mount.subpathIsFile === true;
  return mount.type === 'bind' && !statSync(mount.source).isDirectory();
}
