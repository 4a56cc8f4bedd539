// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { NativeChange } from '../../lib/binding/types';

/** Paths are latin1 strings here: one character per byte, so that any name survives. */
export type Tree = Map<string, string>;
export type Kinds = Map<string, 'A' | 'C' | 'D'>;

const bytes = (path: string) => Buffer.from(path, 'latin1');

/** Every path below `root` with a text that changes when anything but atime and ctime does. */
export function readTree(root: string): Tree {
  const tree: Tree = new Map();
  const attributes = readXattrs(root);
  const walk = (directory: string): void => {
    for (const name of readdirSync(bytes(`${root}/${directory}`), 'latin1')) {
      const path = directory === '' ? name : `${directory}/${name}`;
      const full = bytes(`${root}/${path}`);
      const stat = lstatSync(full, { bigint: true });
      const parts: unknown[] = [stat.mode, stat.uid, stat.gid, stat.rdev, stat.mtimeNs, attributes.get(path) ?? ''];
      if (stat.isSymbolicLink()) parts.push(readlinkSync(full, 'latin1'));
      if (stat.isFile()) parts.push(createHash('sha1').update(readFileSync(full)).digest('hex'));
      tree.set(path, `${stat.isDirectory() ? 'directory' : 'other'} ${parts.join(' ')}`);
      if (stat.isDirectory()) walk(path);
    }
  };
  walk('');
  return tree;
}

/** The comparison of two trees as Docker's diff makes it, without its marking of unchanged parents. */
export function compareTrees(before: Tree, after: Tree): Kinds {
  const kinds: Kinds = new Map();
  for (const [path, text] of after) {
    const old = before.get(path);
    if (old === undefined) kinds.set(path, 'A');
    else if (old !== text) kinds.set(path, 'C');
  }
  for (const path of before.keys()) if (!after.has(path) && isTold(path, after)) kinds.set(path, 'D');
  return kinds;
}

/** What `changes` say in the same terms: a rename deletes the old paths and adds the new ones. */
export function expandChanges(changes: NativeChange[], before: Tree, after: Tree): Kinds {
  const deleted = new Set<string>();
  const added = new Set<string>();
  const changed = new Set<string>();
  const text = (path: Buffer) => path.toString('latin1');
  for (const { kind, path, from } of changes) {
    if (kind === 'changed') changed.add(text(path));
    if (kind === 'deleted' || kind === 'renamed') collect(before, text(kind === 'renamed' ? from! : path), deleted);
    if (kind === 'added') added.add(text(path));
    if (kind === 'renamed') collect(after, text(path), added);
  }
  const kinds: Kinds = new Map();
  for (const path of deleted) if (!after.has(path) && isTold(path, after)) kinds.set(path, 'D');
  for (const path of added) {
    // One that came back to its path by way of a renamed directory.
    if (!before.has(path)) kinds.set(path, 'A');
    else if (before.get(path) !== after.get(path)) kinds.set(path, 'C');
  }
  for (const path of changed) if (!kinds.has(path)) kinds.set(path, 'C');
  return kinds;
}

/** A deletion is told when its directory is still one; else that directory's own change tells. */
function isTold(path: string, after: Tree): boolean {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  return parent === '' || after.get(parent)?.startsWith('directory') === true;
}

function collect(tree: Tree, top: string, into: Set<string>): void {
  for (const path of tree.keys()) if (path === top || path.startsWith(`${top}/`)) into.add(path);
}

/** Extended attributes by path; Node has no call for them. */
function readXattrs(root: string): Map<string, string> {
  const script = `
import os, sys
for d, ds, fs in os.walk(os.fsencode(sys.argv[1])):
    for n in ds + fs:
        p = os.path.join(d, n)
        x = sorted((k, os.getxattr(p, k, follow_symlinks=False)) for k in os.listxattr(p, follow_symlinks=False))
        if x: sys.stdout.buffer.write(os.path.relpath(p, os.fsencode(sys.argv[1])) + b"\\0" + repr(x).encode() + b"\\0")`;
  const fields = execFileSync('python3', ['-c', script, root], { encoding: 'latin1', maxBuffer: 1 << 28 }).split('\0');
  const found = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) found.set(fields[i]!, fields[i + 1]!);
  return found;
}
