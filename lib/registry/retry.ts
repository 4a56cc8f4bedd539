// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted } from './network-errors';
import type { Patience } from './settings';

/** Answers that may be better the next time. */
export function wantsRetry(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status);
}

/** ms to wait before the next attempt; undefined when the registry wants more than we have. */
export function nextPause(attempt: number, retryAfter: string | undefined, { backOff, longestPause }: Patience): number | undefined {
  const asked = parseRetryAfter(retryAfter);
  if (asked !== undefined) return asked > longestPause ? undefined : asked;
  // Half of it by chance, so that many who failed together do not come back together.
  const ceiling = Math.min(backOff * 2 ** (attempt - 1), longestPause);
  return ceiling / 2 + (ceiling / 2) * Math.random();
}

/** Seconds or a date (RFC 9110, 10.2.3), in ms from now. */
export function parseRetryAfter(text: string | undefined, now = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** @throws E_ABORTED */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    throw aborted(error);
  });
}
