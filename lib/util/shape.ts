// SPDX-License-Identifier: Apache-2.0
import { invalid } from '../errors';

/** What a program hands over is not always what its types say: JavaScript has none, and JSON is cast. */
export interface Shape {
  /** As a sentence goes on after "expected". */
  expected: string;
  fits(value: unknown): boolean;
  /** Of an object's members. */
  members?: Record<string, Shape>;
}

const of = (expected: string, fits: Shape['fits']): Shape => ({ expected, fits });
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
const isDescriptor = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
const isPath = (value: unknown): boolean => isText(value) || (Buffer.isBuffer(value) && !value.includes(0));
const isText = (value: unknown): boolean => typeof value === 'string' && !value.includes('\0');

export const TEXT = of('text without NUL bytes', isText);
/** What something is looked up by: of one with a NUL there is nothing. */
export const NAME = of('text', (value) => typeof value === 'string');
export const FLAG = of('true or false', (value) => typeof value === 'boolean');
export const NUMBER = of('a number', (value) => typeof value === 'number' && !Number.isNaN(value));
export const BIGINT = of('a bigint', (value) => typeof value === 'bigint');
export const OBJECT = of('an object', isObject);
export const LIST = of('a list', Array.isArray);
export const TEXTS = of('a list of texts without NUL bytes', (value) => Array.isArray(value) && value.every(isText));
/** What may be said in short or in full. */
export const ENTRIES = of('a list of texts or objects', (value) => Array.isArray(value) && value.every((each) => isText(each) || isObject(each)));
export const TEXT_OF_EACH = of('an object of texts without NUL bytes', (value) => isObject(value) && Object.entries(value).flat().every(isText));
export const TEXTS_OF_EACH = of('an object of lists of texts', (value) => isObject(value) && Object.values(value).every((each) => TEXTS.fits(each)));

export const SIGNAL = of('an AbortSignal', (value) => isObject(value) && typeof (value as AbortSignal).aborted === 'boolean' && typeof (value as AbortSignal).addEventListener === 'function');
/** Where an archive comes from or goes to. */
export const ARCHIVE_END = of('{ path } or { fd }', (value) => isObject(value) && ('fd' in value ? isDescriptor(value.fd) : 'path' in value && isPath(value.path)));

/** Any of these. */
export function either(...shapes: Shape[]): Shape {
  return of(shapes.map(({ expected }) => expected).join(' or '), (value) => shapes.some((shape) => shape.fits(value)));
}

/** An object with such members, each of which may be left out. Others are not looked at. */
export function options(members: Record<string, Shape>): Shape {
  return { ...OBJECT, members };
}

/** @throws E_INVALID */
export function checkShape(what: string, value: unknown, shape: Shape): void {
  if (!shape.fits(value)) throw invalid(what, shape.expected, value);
  for (const [key, member] of Object.entries(shape.members ?? {})) {
    const own = (value as Record<string, unknown>)[key];
    if (own !== undefined) checkShape(key, own, member);
  }
}
