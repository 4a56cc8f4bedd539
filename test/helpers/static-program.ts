// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Compiles a C program that runs in any image; its path. */
export function buildStatic(directory: string, name: string, source: string): string {
  const path = join(directory, name);
  execFileSync('gcc', ['-static', '-O1', '-w', '-x', 'c', '-o', path, '-'], { input: source, stdio: ['pipe', 'pipe', 'inherit'] });
  return path;
}
