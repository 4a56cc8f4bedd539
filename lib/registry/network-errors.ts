// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** What undici, sockets and TLS say, in one sentence. */
export function unreachable(url: URL, cause: unknown): DockerliteError {
  if (cause instanceof DockerliteError) return cause;
  const { code } = cause as { code?: unknown };
  const why = (typeof code === 'string' ? PHRASES[code] : undefined) ?? deepest(cause);
  return new DockerliteError('E_REGISTRY_UNREACHABLE', `Get "${url.origin}${url.pathname}": ${why}`, { cause, ...hintFor(code, url) });
}

/** What an interrupted transfer ends with. */
export function aborted(cause: unknown): DockerliteError {
  return new DockerliteError('E_ABORTED', 'the operation was aborted', { cause });
}

const PHRASES: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'timed out while connecting',
  UND_ERR_HEADERS_TIMEOUT: 'timed out while waiting for an answer',
  UND_ERR_BODY_TIMEOUT: 'timed out while reading the answer',
  UND_ERR_HEADERS_OVERFLOW: "the answer's headers are too large",
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
};

const CERTIFICATE = /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS_CERT)/;

function hintFor(code: unknown, { host }: URL): { hint?: string } {
  if (typeof code !== 'string' || !CERTIFICATE.test(code)) return {};
  return { hint: `Put the authority that signed its certificate into /etc/docker/certs.d/${host}/ca.crt.` };
}

/** Several addresses tried give one error that holds the others. */
function deepest(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return deepest(error.errors[0]);
  const message = error instanceof Error ? error.message : String(error);
  // eslint-disable-next-line no-control-regex
  return message.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim().slice(0, 300);
}
