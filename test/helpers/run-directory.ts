// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { readMarker } from '../../lib/store/store';

/** What a store keeps outside itself until the machine goes down; call while the store is still mounted. */
export function removeRunDirectory(root: string): void {
  const marker = readMarker(root);
  if (marker !== undefined) rmSync(`/run/dockerlite/${marker.id}`, { recursive: true, force: true });
}
