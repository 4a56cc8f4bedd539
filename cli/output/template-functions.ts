// SPDX-License-Identifier: Apache-2.0
import { Row } from './row';
import { TemplateError } from './template-parse';

type Fn = (...args: unknown[]) => unknown;

/** The functions of Go's templates, and those Docker adds. */
export const FUNCTIONS: Record<string, Fn> = {
  json: (value) => goJson(value),
  upper: (value) => text(value).toUpperCase(),
  lower: (value) => text(value).toLowerCase(),
  title: (value) => text(value).replace(/(^|\s)\p{Ll}/gu, (match) => match.toUpperCase()),
  join: (list, separator) => items(list).map(show).join(text(separator)),
  split: (value, separator) => text(value).split(text(separator)),
  pad: (value, before, after) => (text(value) === '' ? '' : ' '.repeat(count(before)) + text(value) + ' '.repeat(count(after))),
  truncate: (value, length) => [...text(value)].slice(0, count(length)).join(''),
  len: (value) => length(value),
  index: (value, ...keys) => keys.reduce(element, value),
  slice: (value, from = 0, to) => (Array.isArray(value) ? value : text(value)).slice(count(from), to === undefined ? undefined : count(to)),
  print: (...values) => values.map(show).join(''),
  println: (...values) => `${values.map(show).join(' ')}\n`,
  printf: (format, ...values) => printf(text(format), values),
  eq: (first, ...others) => others.some((other) => same(first, other)),
  ne: (first, second) => !same(first, second),
  lt: (first, second) => order(first, second) < 0,
  le: (first, second) => order(first, second) <= 0,
  gt: (first, second) => order(first, second) > 0,
  ge: (first, second) => order(first, second) >= 0,
  not: (value) => !isTrue(value),
  and: (...values) => values[firstOf(values, false)],
  or: (...values) => values[firstOf(values, true)],
};

const ARITY: Record<string, number> = { json: 1, upper: 1, lower: 1, title: 1, join: 2, split: 2, pad: 3, truncate: 2, len: 1, not: 1, ne: 2, lt: 2, le: 2, gt: 2, ge: 2 };

export function callFunction(name: string, args: unknown[]): unknown {
  const wanted = Object.hasOwn(ARITY, name) ? ARITY[name] : undefined;
  if (wanted !== undefined && args.length !== wanted) throw bad(name, `wrong number of args: want ${wanted} got ${args.length}`);
  try {
    return FUNCTIONS[name]?.(...args);
  } catch (error) {
    throw error instanceof Complaint ? bad(name, error.message) : error;
  }
}

class Complaint extends Error {}

function bad(name: string, message: string): TemplateError {
  return new TemplateError(`template parsing error: template: :1: error calling ${name}: ${message}`);
}

/** False, 0, nil and whatever is empty are not. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? value instanceof Row || Object.keys(value).length > 0 : Boolean(value);
}

/** As Go's %v prints it. */
export function show(value: unknown): string {
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (typeof value === 'function') return '<func>';
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const pairs = Object.entries(value instanceof Row ? value.toJSON() : value).filter(([, item]) => typeof item !== 'function').sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${pairs.map(([key, item]) => `${key}:${show(item)}`).join(' ')}]`;
}

function goJson(value: unknown): string {
  return JSON.stringify(value ?? null);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) throw new Complaint('invalid value; expected string');
  return show(value);
}

function items(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  throw new Complaint('expected a list');
}

function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 1 << 20) throw new Complaint('expected a small whole number');
  return value;
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  if (value === null) return 0;
  throw new Complaint(`len of type ${value === undefined ? 'nil' : typeof value}`);
}

function element(value: unknown, key: unknown): unknown {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value) || typeof value === 'string') {
    if (typeof key !== 'number') throw new Complaint(`cannot index slice/array with type ${typeof key}`);
    if (!Number.isInteger(key) || key < 0 || key >= value.length) throw new Complaint(`index out of range: ${key}`);
    return value[key];
  }
  if (typeof value !== 'object') throw new Complaint(`can't index item of type ${typeof value}`);
  return Object.hasOwn(value, String(key)) ? (value as Record<string, unknown>)[String(key)] : '';
}

/** Where the first value of this truth is; the last one when there is none. */
function firstOf(values: unknown[], truth: boolean): number {
  const at = values.findIndex((value) => isTrue(value) === truth);
  return at < 0 ? values.length - 1 : at;
}

function same(first: unknown, second: unknown): boolean {
  return first === second || (first ?? null) === (second ?? null);
}

function order(first: unknown, second: unknown): number {
  if (typeof first !== typeof second || (typeof first !== 'number' && typeof first !== 'string')) throw new Complaint('incompatible types for comparison');
  return first < (second as typeof first) ? -1 : first === second ? 0 : 1;
}

function printf(format: string, values: unknown[]): string {
  let next = 0;
  return format.replace(/%([-0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g, (whole, flags: string, width: string, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (next >= values.length) return `%!${verb}(MISSING)`;
    const value = values[next++];
    const forms: Record<string, () => string> = {
      s: () => (precision === undefined ? show(value) : show(value).slice(0, count(Number(precision)))),
      v: () => show(value),
      d: () => show(value),
      t: () => show(value),
      q: () => JSON.stringify(show(value)),
      x: () => (typeof value === 'number' ? value.toString(16) : Buffer.from(show(value)).toString('hex')),
      f: () => (typeof value === 'number' ? value.toFixed(Math.min(100, Number(precision ?? 6))) : show(value)),
    };
    const form = Object.hasOwn(forms, verb) ? forms[verb] : undefined;
    if (form === undefined) return whole;
    const size = Math.min(Number(width), 1024);
    return flags.includes('-') ? form().padEnd(size) : form().padStart(size, flags.includes('0') && verb !== 's' ? '0' : ' ');
  });
}
