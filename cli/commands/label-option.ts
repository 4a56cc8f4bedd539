// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../command';

/** `--label KEY[=VALUE]` given any number of times. A key may be any word, `__proto__` too. @throws UsageError */
export function parseLabels(list: readonly string[], flag = '-l, --label'): Record<string, string> {
  const result: Record<string, string> = {};
  for (const entry of list) {
    const equals = entry.indexOf('=');
    const key = equals < 0 ? entry : entry.slice(0, equals);
    if (key === '') throw new UsageError(`invalid argument ${JSON.stringify(entry)} for "${flag}" flag: invalid label '${entry}': empty name`);
    if (/\s/.test(key)) throw new UsageError(`invalid argument ${JSON.stringify(entry)} for "${flag}" flag: label '${key}' contains whitespaces`);
    Object.defineProperty(result, key, { value: equals < 0 ? '' : entry.slice(equals + 1), enumerable: true, configurable: true, writable: true });
  }
  return result;
}
