// SPDX-License-Identifier: Apache-2.0
import { DockerliteError, type ErrorCode } from '../errors';

/** Picks the one match of an id prefix; none or several is the caller's `missing` or E_AMBIGUOUS. */
export function onlyMatch<T extends { id: string }>(matches: T[], wanted: string, missing: ErrorCode, noun: string): T {
  const [first, second] = matches;
  if (first === undefined) throw new DockerliteError(missing, `No such ${noun}: ${wanted}`);
  if (second !== undefined) {
    throw new DockerliteError('E_AMBIGUOUS', `multiple IDs found with provided prefix: ${wanted}`, {
      hint: `give more digits of the ${noun}'s id`,
    });
  }
  return first;
}

/** Whether the text can be the beginning of an id. */
export function isIdPrefix(text: string): boolean {
  return /^[0-9a-f]{1,64}$/.test(text);
}

/** The smallest string after every string that begins with `prefix` (hex digits only): for an index range. */
export function prefixEnd(prefix: string): string {
  return `${prefix}g`;
}
