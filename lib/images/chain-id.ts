// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** Names of the stacks that layers make one by one (OCI image specification, config.md), without `sha256:`. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId.replace(/^sha256:/, '') : createHash('sha256').update(`sha256:${below} ${diffId}`).digest('hex'));
  }
  return chain;
}
