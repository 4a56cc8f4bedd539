// SPDX-License-Identifier: Apache-2.0

const NS: Record<string, number> = { ns: 1, us: 1e3, 'µs': 1e3, 'μs': 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const DURATION = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/**
 * A moment as Docker's --since and --until take it, in ns since the epoch: a duration before `now`, RFC 3339 and its
 * beginnings (local time without a zone), or seconds since the epoch. @throws Error in Docker's words
 */
export function parseTimestamp(text: string, now = Date.now()): bigint {
  if (DURATION.test(text)) return BigInt(now) * 1_000_000n - duration(text);
  try {
    return parseTime(layoutOf(text), text);
  } catch (error) {
    if (text.includes('-')) throw error;
  }
  const seconds = /^(\d{1,11})(?:\.(\d{1,9}))?$/.exec(text);
  if (seconds === null) throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return BigInt(seconds[1] as string) * 1_000_000_000n + BigInt((seconds[2] ?? '').padEnd(9, '0'));
}

function duration(text: string): bigint {
  let total = 0n;
  for (const [, number, unit] of text.matchAll(/([\d.]+)([a-zµμ]+)/g)) total += BigInt(Math.round(Number(number) * (NS[unit as string] as number)));
  return text.startsWith('-') ? -total : total;
}

/** Which form is meant, guessed from the signs in it as Docker does. */
function layoutOf(text: string): string {
  const zoned = /[zZ+]/.test(text) || text.split('-').length === 4;
  const zone = zoned ? 'Z07:00' : '';
  if (text.includes('.')) return `2006-01-02T15:04:05.999999999${zone}`;
  if (!text.includes('T')) return `2006-01-02${zone}`;
  const colons = text.split(':').length - 1 - (zoned && !/z/i.test(text) ? 1 : 0);
  return `2006-01-02T${['15', '15:04'][Math.max(0, colons)] ?? '15:04:05'}${zone}`;
}

/** What Go's time.Parse makes of the elements of a layout: how they are written, and up to what. */
const ELEMENTS: Record<string, { form: RegExp; name?: string; from?: number; to?: number }> = {
  '2006': { form: /^\d{4}/ },
  '01': { form: /^\d\d/, name: 'month', from: 1, to: 12 },
  '02': { form: /^\d\d/, name: 'day', from: 1, to: 31 },
  '15': { form: /^\d\d?/, name: 'hour', to: 23 },
  '04': { form: /^\d\d/, name: 'minute', to: 59 },
  '05': { form: /^\d\d/, name: 'second', to: 59 },
  '.999999999': { form: /^(?:[.,]\d+)?/ },
  'Z07:00': { form: /^(?:Z|[-+]\d\d:\d\d)/ },
};

function parseTime(layout: string, text: string): bigint {
  const found: Record<string, string> = {};
  let rest = text;
  for (const part of layout.match(/2006|01|02|15|04|05|\.9+|Z07:00|./g) ?? []) {
    const element = ELEMENTS[part];
    const match = element === undefined ? (rest.startsWith(part) ? part : undefined) : element.form.exec(rest)?.[0];
    if (match === undefined) throw new Error(`parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(part)}`);
    rest = rest.slice(match.length);
    const { name, from = 0, to = Infinity } = element ?? {};
    if (name !== undefined && (Number(match) < from || Number(match) > to)) throw new Error(`parsing time ${quote(text)}: ${name} out of range`);
    found[part] = match;
  }
  if (rest !== '') throw new Error(`parsing time ${quote(text)}: extra text: ${quote(rest)}`);
  const [year, month, day] = [Number(found['2006']), Number(found['01']), Number(found['02'])];
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) throw new Error(`parsing time ${quote(text)}: day out of range`);
  const clock = `${(found['15'] ?? '0').padStart(2, '0')}:${found['04'] ?? '00'}:${found['05'] ?? '00'}`;
  const seconds = Date.parse(`${text.slice(0, 10)}T${clock}${found['Z07:00'] ?? ''}`) / 1000;
  if (Number.isNaN(seconds)) throw new Error(`parsing time ${quote(text)}: time zone offset hour out of range`);
  return BigInt(seconds) * 1_000_000_000n + BigInt((found['.999999999'] ?? '').slice(1, 10).padEnd(9, '0'));
}

function quote(text: string): string {
  return JSON.stringify(text);
}
