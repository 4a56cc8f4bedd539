// SPDX-License-Identifier: Apache-2.0
import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { PathStat } from '../../lib/binding/types';
import type { Container } from '../../lib/containers/container';
import { DockerliteError } from '../../lib/errors';
import { type CopyDestination, type CopySource, meansContent, meansDirectory } from '../copy-plan';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;
/** As many as the kernel follows. */
const MAX_LINKS = 40;

/** @throws E_NOT_FOUND, E_CONFLICT */
export async function containerSource(container: Container, path: string, followLink: boolean): Promise<CopySource> {
  const stat = await statIn(container, path);
  const kind = stat.mode & S_IFMT;
  if (kind !== S_IFLNK || !followLink) return { path, isDirectory: kind === S_IFDIR };
  // That it leads to something else than a directory is fine, that it leads nowhere is not.
  return { path, isDirectory: await container.stat(`${path}/`).then(() => true, isNoDirectory) };
}

/** What a link at the end leads to counts; nobody has to be there yet. */
export async function containerDestination(container: Container, path: string): Promise<CopyDestination> {
  let at = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const stat = await statIn(container, at).catch(isMissing);
    if (stat === undefined) return { path: at, kind: undefined };
    const kind = stat.mode & S_IFMT;
    if (kind !== S_IFLNK) return { path: at, kind: kind === S_IFDIR ? 'directory' : 'other' };
    at = resolve(dirname(at), stat.linkTarget);
  }
  throw new DockerliteError('E_INVALID', `too many symbolic links at ${path}`, { path });
}

/** @throws E_NOT_FOUND, E_CONFLICT */
export function localSource(path: string, followLink: boolean): CopySource {
  const stat = lookAt(path, followLink);
  if (stat === undefined) throw new DockerliteError('E_NOT_FOUND', `lstat ${path}: no such file or directory`, { path });
  return { path, isDirectory: stat.isDirectory() };
}

/** @throws E_NOT_FOUND when not even its directory is there */
export function localDestination(path: string): CopyDestination {
  let at = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const stat = lookAt(at, meansDirectory(at));
    if (stat === undefined) return { path: at, kind: requireParent(at) };
    if (!stat.isSymbolicLink()) return { path: at, kind: kindOfTarget(path, stat) };
    at = resolve(dirname(at), readlinkSync(at));
  }
  throw new DockerliteError('E_INVALID', `too many symbolic links at ${path}`, { path });
}

/** A copy takes the place of what is there: never of a device or a pipe, /dev/null for one. */
function kindOfTarget(path: string, stat: Stats): 'directory' | 'other' {
  if (stat.isDirectory()) return 'directory';
  if (stat.isFile()) return 'other';
  const got = stat.isCharacterDevice() || stat.isBlockDevice() ? 'a device' : 'an irregular file';
  throw new DockerliteError('E_CONFLICT', `invalid output path: ${JSON.stringify(path)} must be a directory or a regular file: got ${got}`, { path });
}

function requireParent(path: string): undefined {
  const parent = meansContent(path) ? path.slice(0, -2) || '/' : dirname(path);
  if (lookAt(parent, true)?.isDirectory() === true) return undefined;
  throw new DockerliteError('E_NOT_FOUND', `invalid output path: directory ${JSON.stringify(parent)} does not exist`, { path });
}

function lookAt(path: string, follow: boolean): Stats | undefined {
  try {
    return (follow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'ENOTDIR' ? noDirectory(path, error) : new DockerliteError('E_SYSTEM', message, { path, cause: error });
  }
}

async function statIn(container: Container, path: string): Promise<PathStat> {
  return container.stat(path).catch((error: unknown) => {
    throw isErrno(error, constants.errno.ENOTDIR) ? noDirectory(path, error) : error;
  });
}

function noDirectory(path: string, cause: unknown): DockerliteError {
  return new DockerliteError('E_CONFLICT', `${path}: not a directory`, { path, cause });
}

function isNoDirectory(error: unknown): false {
  if (isErrno(error, constants.errno.ENOTDIR)) return false;
  throw error;
}

function isMissing(error: unknown): undefined {
  if (error instanceof DockerliteError && error.code === 'E_NOT_FOUND') return undefined;
  throw error;
}

function isErrno(error: unknown, errno: number): boolean {
  return error instanceof DockerliteError && error.errno === errno;
}
