// SPDX-License-Identifier: Apache-2.0
import { lstat, readdir } from 'node:fs/promises';
import { checkAborted } from './aborted';

const TOGETHER = 64;

/**
 * Bytes of what is at these paths, a file with several names counted once; a directory counts as nothing itself. For
 * read-only trees: what vanishes meanwhile is left out, links are not followed. @throws E_ABORTED
 */
export async function sumSizes(paths: readonly Buffer[], signal?: AbortSignal): Promise<number> {
  const seen = new Set<string>();
  let total = 0;
  for (let at = 0; at < paths.length; at += TOGETHER) {
    checkAborted(signal);
    const group = await Promise.all(paths.slice(at, at + TOGETHER).map((path) => lstat(path).catch(() => undefined)));
    for (const stat of group) {
      const id = `${stat?.dev}:${stat?.ino}`;
      if (stat === undefined || stat.isDirectory() || (stat.nlink > 1 && seen.has(id))) continue;
      if (stat.nlink > 1) seen.add(id);
      total += stat.size;
    }
  }
  return total;
}

/** Every path below a directory, but for directories. @throws E_ABORTED */
export async function filesBelow(directory: Buffer, signal?: AbortSignal): Promise<Buffer[]> {
  checkAborted(signal);
  const entries = await readdir(directory, { withFileTypes: true, encoding: 'buffer' });
  const found: Buffer[] = [];
  for (const entry of entries) {
    const path = Buffer.concat([directory, Buffer.from('/'), entry.name]);
    if (entry.isDirectory()) for (const below of await filesBelow(path, signal)) found.push(below);
    else found.push(path);
  }
  return found;
}
