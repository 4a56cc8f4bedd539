// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../command';

const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A moment as --since takes it, in ms since the epoch: RFC 3339, seconds since the epoch, or a duration before now. */
export function parseTime(option: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
  if (/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return now - duration(text);
  // A date alone is midnight here, as Docker has it.
  const local = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text;
  const time = /^\d{4}-\d{2}-\d{2}T/.test(local) ? Date.parse(local) : NaN;
  if (Number.isNaN(time)) throw new UsageError(`invalid value for "${option}": ${JSON.stringify(text)} is neither a time nor a duration`, 1);
  return time;
}

function duration(text: string): number {
  let total = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) total += Number(number) * (UNITS[unit as string] as number);
  return total;
}
