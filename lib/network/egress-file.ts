// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { DockerliteError } from '../errors';
import { checkShape, TEXT } from '../util/shape';
import { parseTarget } from './egress';

const LONGEST = 1 << 20;

/**
 * The targets in a file: one a line, empty lines and what follows a # aside. A file with none allows nothing.
 * @throws E_INVALID with the file and the line
 */
export function readEgressFile(path: string): string[] {
  checkShape('path', path, TEXT);
  const targets = readText(path)
    .split('\n')
    .map((line, i) => ({ number: i + 1, text: line.replace(/#.*/, '').trim() }))
    .filter(({ text }) => text !== '');
  for (const { number, text } of targets) {
    try {
      parseTarget(text);
    } catch (error) {
      throw new DockerliteError('E_INVALID', `${path}:${number}: ${(error as Error).message}`, { cause: error });
    }
  }
  return targets.map(({ text }) => text);
}

function readText(path: string): string {
  const invalid = (reason: string, cause?: unknown) => new DockerliteError('E_INVALID', `egress policy ${path}: ${reason}`, { path, cause });
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw invalid((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message, error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw invalid('not a regular file');
    if (stat.size > LONGEST) throw invalid(`longer than ${LONGEST} bytes`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
