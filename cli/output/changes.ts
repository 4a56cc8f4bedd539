// SPDX-License-Identifier: Apache-2.0
import type { Change } from '../../lib/containers/diff';

/** A line of Docker's `diff`: added, changed or deleted. */
export interface ChangeLine {
  Type: 'A' | 'C' | 'D';
  Path: string;
}

/**
 * Changes as Docker lists them: a rename is a deletion and an addition, every directory above a change has changed too,
 * and nothing is said of what was in a deleted directory. By path, as bytes order them.
 */
export function dockerChanges(changes: Iterable<Change>): ChangeLine[] {
  const types = new Map<string, ChangeLine['Type']>();
  const mark = (type: ChangeLine['Type'], path: string) => types.set(path, types.has(path) && types.get(path) !== type ? 'C' : type);
  for (const { kind, path, from } of changes) {
    if (kind === 'renamed') {
      if (from !== undefined) mark('D', from);
      mark('A', path);
    } else mark(kind === 'added' ? 'A' : kind === 'deleted' ? 'D' : 'C', path);
  }
  for (const [path, type] of [...types]) {
    if (type === 'D' && ancestors(path).some((above) => types.get(above) === 'D')) types.delete(path);
  }
  for (const path of [...types.keys()]) {
    for (const above of ancestors(path)) if (!types.has(above)) types.set(above, 'C');
  }
  return [...types]
    .filter(([path]) => path !== '/')
    .map(([Path, Type]) => ({ Type, Path }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.Path), Buffer.from(b.Path)));
}

/** The directories above a path, without the root. */
function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) found.push(path.slice(0, slash));
  return found;
}
