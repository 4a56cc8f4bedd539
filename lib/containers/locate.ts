// SPDX-License-Identifier: Apache-2.0
import { realpathSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import * as archive from '../binding/archive';
import type { PathStat } from '../binding/types';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { volumeSources } from '../volumes/claim';
import type { MountSpec } from './mount-spec';
import { type ContainerRow, specOf } from './record';

/** Where a path of a container is: a tree of the host, and the path in that. */
export interface Place {
  root: string;
  path: string;
  /** Docker's words about why nothing can be written there; '' where something can. */
  readonly: string;
}

interface HostMount {
  target: string;
  root: string;
  /** Path in the root that is mounted; '' for all of it. */
  prefix: string;
  readonly: boolean;
}

const MOST_LINKS = 40;

/**
 * Finds the tree that a path of a container leads to, its volumes and bind mounts seen as the container sees them. It only
 * says where to look: whoever then opens the path does so inside that tree (openat2, RESOLVE_IN_ROOT), so that a link that
 * is changed meanwhile leads to another place in it and nowhere else.
 */
export async function locate(store: Store, row: ContainerRow, path: string, followLink = false): Promise<Place> {
  const spec = specOf(row);
  const rootfs: HostMount = { target: '', root: store.layout.containerRootfs(row.id), prefix: '', readonly: spec.readonlyRootfs };
  const mounts = hostMounts(store, row.id, spec.mounts);
  if (mounts.length === 0) return { root: rootfs.root, path, readonly: readonlyReason(rootfs) };
  const trailing = /\/\.?$/.exec(path)?.[0] ?? '';
  const real = await resolve(path, followLink || trailing !== '', (at) => lstat(placeOf(mounts, rootfs, at)), new Set(mounts.map(({ target }) => target)));
  const { mount, rest } = placeOf(mounts, rootfs, real);
  return { root: mount.root, path: `${posix.join('/', mount.prefix, rest)}${trailing}`.slice(1), readonly: readonlyReason(mount) };
}

function readonlyReason({ target, readonly }: HostMount): string {
  if (!readonly) return '';
  return target === '' ? 'container rootfs is marked read-only' : 'mounted volume is marked read-only';
}

/** tmpfs is seen by the container alone. */
function hostMounts(store: Store, id: string, mounts: MountSpec[]): HostMount[] {
  const volumes = mounts.some(({ type }) => type === 'volume') ? volumeSources(store, id) : new Map<string, string>();
  return mounts.flatMap((mount): HostMount[] => {
    if (mount.type === 'tmpfs') return [];
    const { target, readonly } = mount;
    if (mount.type === 'volume') return [{ target, root: volumes.get(mount.name) ?? '', prefix: mount.subpath ?? '', readonly }];
    const stat = statSync(mount.source, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    const source = realpathSync(mount.source);
    return [stat.isDirectory() ? { target, root: source, prefix: '', readonly } : { target, root: posix.dirname(source), prefix: posix.basename(source), readonly }];
  });
}

interface MountedPath {
  mount: HostMount;
  /** Below the mount's target. */
  rest: string;
}

/** The innermost mount that a path is in; there may be none but the container's own root. */
function placeOf(mounts: HostMount[], rootfs: HostMount, path: string): MountedPath {
  let found = rootfs;
  for (const mount of mounts) {
    const isIn = path === mount.target || path.startsWith(`${mount.target}/`);
    if (isIn && mount.target.length > found.target.length) found = mount;
  }
  return { mount: found, rest: path.slice(found.target.length) };
}

async function lstat({ mount, rest }: MountedPath): Promise<PathStat | undefined> {
  try {
    return await archive.statInRoot(mount.root, posix.join('/', mount.prefix, rest));
  } catch (error) {
    if (error instanceof DockerliteError && error.code === 'E_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The path without symbolic links in it, but for a last one that is not to be followed. */
async function resolve(path: string, followLast: boolean, look: (path: string) => Promise<PathStat | undefined>, mountPoints: ReadonlySet<string>): Promise<string> {
  const words = (text: string) => text.split('/').filter((word) => word !== '' && word !== '.');
  let pending = words(path);
  let at: string[] = [];
  let links = 0;
  for (let word = pending.shift(); word !== undefined; word = pending.shift()) {
    if (word === '..') {
      at.pop();
      continue;
    }
    const next = `/${[...at, word].join('/')}`;
    const mayBeLink = !mountPoints.has(next) && (followLast || pending.length > 0);
    const target = mayBeLink ? (await look(next))?.linkTarget : undefined;
    if (!target) {
      at.push(word);
      continue;
    }
    if (++links > MOST_LINKS) throw new DockerliteError('E_INVALID', `too many levels of symbolic links: ${path}`, { path });
    if (target.startsWith('/')) at = [];
    pending = [...words(target), ...pending];
  }
  return `/${at.join('/')}`;
}
