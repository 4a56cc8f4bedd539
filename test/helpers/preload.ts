// SPDX-License-Identifier: Apache-2.0

/** What is spawned from now on loads this library, after those it loads already: sanitizers' come first. Returns what ends that. */
export function preload(library: string): () => void {
  const before = process.env['LD_PRELOAD'];
  process.env['LD_PRELOAD'] = before === undefined ? library : `${before}:${library}`;
  return () => {
    if (before === undefined) delete process.env['LD_PRELOAD'];
    else process.env['LD_PRELOAD'] = before;
  };
}
