// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import type { Archives } from '../debian/archive';
import type { DebianPackage } from '../debian/package-index';
import type { Job } from './bootstrap';

const AT_ONCE = 4;
/** ms between two numbers. */
const TICK = 100;

export const PACKAGES = 'packages';

/** Where a package is once it has been downloaded. */
export function debPath(directory: string, { name }: DebianPackage): string {
  return `${directory}/${name}.deb`;
}

/** Downloads packages into a directory in the workspace, a few at a time; the first that fails ends the others. */
export async function downloadPackages({ workspace, options, emit }: Job, archives: Archives, packages: readonly DebianPackage[]): Promise<string> {
  const directory = `${workspace.path}/debs`;
  mkdirSync(directory, { mode: 0o755 });
  const total = packages.reduce((sum, { size }) => sum + size, 0);
  let current = 0;
  let last = 0;
  const onBytes = (bytes: number) => {
    current += bytes;
    if (Date.now() - last < TICK) return;
    last = Date.now();
    emit({ kind: 'layer', digest: PACKAGES, state: 'downloading', current, total });
  };
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  const queue = [...packages];
  const work = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await archives.download(one, debPath(directory, one), onBytes, signal);
  };
  let failure: { error: unknown } | undefined;
  const workers = Array.from({ length: AT_ONCE }, () =>
    work().catch((error: unknown) => {
      failure ??= { error };
      stop.abort();
    }),
  );
  await Promise.all(workers);
  if (failure !== undefined) throw failure.error;
  emit({ kind: 'layer', digest: PACKAGES, state: 'downloaded', current: total, total });
  return directory;
}
