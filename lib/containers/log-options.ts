// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** What becomes of what a container writes, as a caller says it; options as Docker's --log-opt has them. */
export interface LogOptions {
  /** "json-file" (the default) or "none". */
  driver?: string;
  options?: Readonly<Record<string, string>>;
}

/** The same, normalised. */
export interface LogSpec {
  driver: 'json-file' | 'none';
  /** As they were given. */
  options: Record<string, string>;
  /** Bytes after which the file is rotated; 0 is never. */
  maxSize: number;
  /** Files that are kept, the one being written included. */
  maxFiles: number;
}

export const DEFAULT_LOG: Readonly<LogSpec> = Object.freeze({ driver: 'json-file', options: {}, maxSize: 0, maxFiles: 1 });

const KNOWN = ['max-size', 'max-file', 'labels', 'env', 'compress', 'mode'];
const POWERS = ['', 'k', 'm', 'g', 't', 'p'];

/** undefined for the default. @throws E_INVALID in Docker's words */
export function checkLog({ driver = 'json-file', options = {} }: LogOptions = {}): LogSpec | undefined {
  const keys = Object.keys(options);
  if (driver === 'none') {
    if (keys.length > 0) throw new DockerliteError('E_INVALID', 'invalid logging opts for driver none');
    return { ...DEFAULT_LOG, driver };
  }
  if (driver !== 'json-file') throw new DockerliteError('E_INVALID', `logger: no log driver named '${driver}' is registered`, { hint: 'use json-file or none' });
  if (keys.length === 0) return undefined;
  const unknown = keys.find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) throw new DockerliteError('E_INVALID', `unknown log opt '${unknown}' for json-file log driver`);
  refuse(options, 'compress', ['false', '0', 'f'], 'rotated logs are not compressed');
  refuse(options, 'mode', ['blocking'], 'nothing that a container writes is left out');
  return { driver, options: { ...options }, maxSize: maxSize(options['max-size']), maxFiles: maxFiles(options['max-file']) };
}

function refuse(options: Readonly<Record<string, string>>, key: string, accepted: string[], hint: string): void {
  const value = options[key];
  if (value !== undefined && !accepted.includes(value)) throw failed(`log opt '${key}=${value}' is not supported`, hint);
}

/** As Docker takes it: the letters are powers of a thousand. */
function maxSize(text: string | undefined): number {
  if (text === undefined || text === '-1') return 0;
  const [, number, letter = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * 1000 ** POWERS.indexOf(letter.toLowerCase()));
  if (!Number.isSafeInteger(bytes)) throw failed(`invalid size: '${text}'`);
  if (bytes === 0) throw failed('max-size must be a positive number');
  return bytes;
}

function maxFiles(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!/^[-+]?\d+$/.test(text)) throw failed(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const files = Number(text);
  if (files < 1) throw failed('max-file cannot be less than 1');
  if (files > 1000) throw failed('max-file cannot be more than 1000');
  return files;
}

function failed(message: string, hint?: string): DockerliteError {
  return new DockerliteError('E_INVALID', `failed to initialize logging driver: ${message}`, hint === undefined ? {} : { hint });
}
