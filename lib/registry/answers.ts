// SPDX-License-Identifier: Apache-2.0
import { DockerliteError, type ErrorCode } from '../errors';
import { isObject, parseObject } from './manifest';
import { unreachable } from './network-errors';
import { drain, header, type HttpResponse } from './transport';

/** Bytes of an answer that says what went wrong. */
const LARGEST_ERROR = 64 * 1024;

/** All of an answer's body. @throws E_REGISTRY when it is larger than `limit` bytes */
export async function readBody(response: HttpResponse, limit: number, what: string): Promise<Buffer> {
  const announced = Number(header(response, 'content-length') ?? 0);
  const tooLarge = () => new DockerliteError('E_REGISTRY', `${what}: the answer is larger than ${limit} bytes`);
  if (announced > limit) {
    response.body.on('error', () => undefined).destroy();
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(response.url, error);
  }
  return Buffer.concat(chunks);
}

export async function readJson(response: HttpResponse, limit: number, what: string): Promise<Record<string, unknown>> {
  return parseObject(await readBody(response, limit, what), what);
}

/** The error an unexpected answer is. `what` is the sentence's beginning: what could not be done. */
export async function failure(response: HttpResponse, what: string): Promise<DockerliteError> {
  const { code, message } = await firstError(response);
  const detail = [code.toLowerCase().replaceAll('_', ' '), message].filter((part) => part !== '').join(': ') || `status ${response.status}`;
  return new DockerliteError(codeOf(response.status), `${what}: ${detail}`, { ...hintOf(response.status) });
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'E_UNAUTHORIZED';
  return status === 404 ? 'E_NOT_FOUND' : 'E_REGISTRY';
}

function hintOf(status: number): { hint?: string } {
  return status === 429 ? { hint: 'The registry limits how often it is asked: log in with `dockerlite login`, or wait.' } : {};
}

/** The first of the specification's error list; text of a stranger, so that it is cut to what fits a line. */
async function firstError(response: HttpResponse): Promise<{ code: string; message: string }> {
  const none = { code: '', message: '' };
  try {
    const body = await readBody(response, LARGEST_ERROR, 'error');
    const parsed = parseObject(body, 'error');
    const [first] = Array.isArray(parsed['errors']) ? (parsed['errors'] as unknown[]) : [];
    if (isObject(first)) return { code: plain(first['code']), message: plain(first['message']) };
    return { code: '', message: plain(parsed['details'] ?? parsed['message'] ?? parsed['error']) };
  } catch {
    await drain(response);
    return none;
  }
}

function plain(value: unknown): string {
  if (typeof value !== 'string') return '';
  // eslint-disable-next-line no-control-regex
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').trim().slice(0, 300);
}
