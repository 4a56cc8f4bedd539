// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../command';

/** `--filter key=value` given any number of times, by key. A map: a key may be any word, `__proto__` too. */
export function parseFilters(words: readonly string[]): Record<string, string[]> {
  const filters = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 1) {
      throw new UsageError(`invalid argument ${JSON.stringify(word)} for "-f, --filter" flag: bad format of filter (expected name=value)`);
    }
    const key = word.slice(0, equals).trim().toLowerCase();
    filters.set(key, [...(filters.get(key) ?? []), word.slice(equals + 1).trim()]);
  }
  return Object.fromEntries(filters);
}
