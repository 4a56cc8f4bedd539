// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';

/** Names in a directory; none when it is not there. */
export function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
