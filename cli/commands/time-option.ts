// SPDX-License-Identifier: Apache-2.0
import { parseTimestamp } from '../timestamp';

/** A moment as --since and --until of `logs` take it, in ms since the epoch; undefined when it was not given. */
export function parseTime(option: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return Number(parseTimestamp(text, now)) / 1e6;
  } catch (error) {
    throw new Error(`invalid value for "${option}": ${(error as Error).message}`);
  }
}
