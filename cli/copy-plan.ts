// SPDX-License-Identifier: Apache-2.0
import { basename, dirname, normalize, resolve } from 'node:path';
import { DockerliteError } from '../lib/errors';

/** One side of `cp`: a path on this machine, or in a container. */
export interface CopyEnd {
  container?: string;
  path: string;
}

/** Docker's rule: what begins with / or . is a path here, whatever colons it has. */
export function parseCopyEnd(text: string): CopyEnd {
  const colon = text.indexOf(':');
  if (colon <= 0 || text.startsWith('/') || text.startsWith('.')) return { path: text };
  return { container: text.slice(0, colon), path: text.slice(colon + 1) };
}

/** `dir/.` and `.`: the directory's content, not itself. */
export function meansContent(path: string): boolean {
  return path === '.' || path.endsWith('/.');
}

/** Something that only a directory can be. */
export function meansDirectory(path: string): boolean {
  return path.endsWith('/') || meansContent(path);
}

/** Absolute, but with the end that says how it is meant. */
export function resolveLocal(path: string): string {
  return withEnd(resolve(path), path);
}

/** As paths in a container are meant from its root. */
export function resolveInContainer(path: string): string {
  return withEnd(resolve('/', path), path);
}

function withEnd(absolute: string, written: string): string {
  if (meansContent(written)) return absolute === '/' ? '/.' : `${absolute}/.`;
  return written.endsWith('/') && absolute !== '/' ? `${absolute}/` : absolute;
}

export interface CopySource {
  path: string;
  isDirectory: boolean;
}

export interface CopyDestination {
  path: string;
  /** undefined: there is nothing yet. */
  kind: 'directory' | 'other' | undefined;
}

/** Into which directory to unpack, and what the copy is called there; '' for a directory's content. */
export interface CopyPlan {
  directory: string;
  name: string;
}

/** Docker's table of what `cp` makes of a source and a destination. @throws E_CONFLICT, E_NOT_FOUND */
export function planCopy(source: CopySource, destination: CopyDestination): CopyPlan {
  const target = normalize(destination.path).replace(/(?<=.)\/$/, '');
  if (destination.kind === 'directory') return { directory: target, name: meansContent(source.path) ? '' : basename(source.path) };
  if (destination.kind === 'other' && source.isDirectory) {
    throw new DockerliteError('E_CONFLICT', `cannot copy directory ${source.path} onto ${target}, which is none`, { path: target });
  }
  const missing = meansContent(destination.path) || (!source.isDirectory && meansDirectory(destination.path));
  if (destination.kind === 'other' && meansDirectory(destination.path)) throw new DockerliteError('E_CONFLICT', `${target} is not a directory`, { path: target });
  if (destination.kind === undefined && missing) throw new DockerliteError('E_NOT_FOUND', `no such directory: ${target}`, { path: target });
  return { directory: dirname(target), name: basename(target) };
}
