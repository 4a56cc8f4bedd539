// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { DockerliteError } from '../errors';

/** Algorithms of the OCI image specification, and how many hex digits each gives. */
const ALGORITHMS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** `sha256:…`, checked. */
export type Digest = string;

export function isDigest(text: unknown): text is Digest {
  if (typeof text !== 'string') return false;
  const match = /^([a-z0-9]+):([0-9a-f]+)$/.exec(text);
  return match !== null && Object.hasOwn(ALGORITHMS, match[1] as string) && ALGORITHMS[match[1] as string] === match[2]?.length;
}

/** @throws E_REGISTRY naming what should have been a digest */
export function checkDigest(text: unknown, what: string): Digest {
  if (isDigest(text)) return text;
  const shown = typeof text === 'string' ? JSON.stringify(text.slice(0, 100)) : typeof text;
  throw new DockerliteError('E_REGISTRY', `${what} has no valid digest: ${shown}`);
}

export function hasher(digest: Digest): Hash {
  return createHash(digest.slice(0, digest.indexOf(':')));
}

export function digestOf(bytes: Uint8Array, like: Digest = 'sha256:'): Digest {
  return `${like.slice(0, like.indexOf(':'))}:${hasher(like).update(bytes).digest('hex')}`;
}

/** @throws E_DIGEST */
export function verifyBytes(bytes: Uint8Array, expected: Digest, what: string): void {
  const actual = digestOf(bytes, expected);
  if (actual !== expected) throw wrongDigest(what, expected, actual);
}

export function wrongDigest(what: string, expected: Digest, actual: Digest): DockerliteError {
  return new DockerliteError('E_DIGEST', `${what}: digest verification failed: expected ${expected}, got ${actual}`, {
    hint: 'What was sent is not what was asked for; nothing of it was kept.',
  });
}
