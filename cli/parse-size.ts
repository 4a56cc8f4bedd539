// SPDX-License-Identifier: Apache-2.0
import { UsageError } from './command';

const POWERS: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** Bytes of a size as Docker takes it: `20G`, `512m`, `1.5gb`, `64KiB`; the letters mean powers of 1024. */
export function parseSize(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  const bytes = match === null ? NaN : Math.floor(Number(match[1]) * 1024 ** (POWERS[(match[2] as string).toLowerCase()] as number));
  if (!Number.isSafeInteger(bytes)) throw new UsageError(`invalid argument ${JSON.stringify(text)} for "--${flag}" flag: invalid size: '${text}'`);
  return bytes;
}
