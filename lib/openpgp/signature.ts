// SPDX-License-Identifier: Apache-2.0
import { createHash, verify } from 'node:crypto';
import { badSignature } from './bad-signature';
import type { PublicKey } from './public-key';
import { newLength, readInteger, readNumber, splitPackets, TAG } from './packets';

/** Digests that still mean something. */
const HASHES: Readonly<Record<number, string>> = { 8: 'sha256', 9: 'sha384', 10: 'sha512' };

const RSA = [1, 3];
const ECDSA = 19;
const EDDSA_LEGACY = 22;
const ED25519 = 27;

export interface Signature {
  type: number;
  /** Seconds since the epoch. */
  created: number;
  /** Seconds since the epoch; 0 never. */
  expires: number;
  /** Seconds a key is good for, 0 for ever; undefined when it says nothing of it. */
  keyLifetime: number | undefined;
  /** What a key may be used for; undefined when it says nothing of it. */
  keyFlags: number | undefined;
  /** Last eight bytes of the fingerprint of who made it, hex; '' unknown. */
  issuer: string;
  /** By a subkey, that it belongs to the primary key. */
  embedded: Signature | undefined;
  /** Whether this key made it over these bytes; false for algorithms that are not believed. */
  isBy(key: PublicKey, data: Buffer): boolean;
}

/** The signatures that are understood: version 4. Others are left out. */
export function parseSignatures(bytes: Buffer): Signature[] {
  return splitPackets(bytes).flatMap(({ tag, body }) => (tag === TAG.signature && body[0] === 4 ? [parseSignature(body)] : []));
}

export function parseSignature(body: Buffer, isEmbedded = false): Signature {
  const [algorithm, hash] = [readNumber(body, 2, 1), HASHES[readNumber(body, 3, 1)]];
  const hashedEnd = 6 + readNumber(body, 4, 2);
  const unhashedEnd = hashedEnd + 2 + readNumber(body, hashedEnd, 2);
  if (unhashedEnd + 2 > body.length) throw badSignature('OpenPGP data that ends early');
  const facts = subpackets(body.subarray(6, hashedEnd), isEmbedded);
  const hints = subpackets(body.subarray(hashedEnd + 2, unhashedEnd), isEmbedded);
  const trailer = Buffer.alloc(6);
  trailer.writeUInt16BE(0x04ff);
  trailer.writeUInt32BE(hashedEnd, 2);
  return {
    type: readNumber(body, 1, 1),
    created: facts.created ?? 0,
    expires: facts.created !== undefined && facts.lifetime ? facts.created + facts.lifetime : 0,
    keyLifetime: facts.keyLifetime,
    keyFlags: facts.keyFlags,
    issuer: facts.issuer ?? hints.issuer ?? '',
    embedded: facts.embedded ?? hints.embedded,
    isBy(key, data) {
      if (hash === undefined || facts.created === undefined || !facts.understood || key.algorithm !== algorithm) return false;
      const numbers = body.subarray(unhashedEnd + 2);
      return isGenuine(key, hash, Buffer.concat([data, body.subarray(0, hashedEnd), trailer]), numbers);
    },
  };
}

function isGenuine(key: PublicKey, hash: string, data: Buffer, numbers: Buffer): boolean {
  if (RSA.includes(key.algorithm)) return verify(hash, data, key.key, padded(readInteger(numbers, 0).value, key.size));
  const digest = createHash(hash).update(data).digest();
  if (key.algorithm === ED25519) return verify(null, digest, key.key, numbers.subarray(0, 64));
  if (key.algorithm !== EDDSA_LEGACY && key.algorithm !== ECDSA) return false;
  const r = readInteger(numbers, 0);
  const s = readInteger(numbers, r.end);
  if (key.algorithm === ECDSA) return verify(hash, data, { key: key.key, dsaEncoding: 'ieee-p1363' }, Buffer.concat([padded(r.value, key.size), padded(s.value, key.size)]));
  return verify(null, digest, key.key, Buffer.concat([padded(r.value, 32), padded(s.value, 32)]));
}

function padded(value: Buffer, size: number): Buffer {
  return value.length >= size ? value : Buffer.concat([Buffer.alloc(size - value.length), value]);
}

interface Facts {
  created?: number;
  lifetime?: number;
  keyLifetime?: number;
  keyFlags?: number;
  issuer?: string;
  embedded?: Signature;
  /** There is nothing critical that is unknown. */
  understood: boolean;
}

function subpackets(area: Buffer, isEmbedded: boolean): Facts {
  const facts: Facts = { understood: true };
  for (let at = 0; at < area.length; ) {
    const { length, start } = newLength(area, at);
    if (length === 0 || start + length > area.length) throw badSignature('OpenPGP data that ends early');
    const value = area.subarray(start + 1, start + length);
    const type = area[start] as number;
    switch (type & 0x7f) {
      case 2: facts.created = readNumber(value, 0, 4); break;
      case 3: facts.lifetime = readNumber(value, 0, 4); break;
      case 9: facts.keyLifetime = readNumber(value, 0, 4); break;
      case 16: facts.issuer ??= value.toString('hex'); break;
      case 27: facts.keyFlags = value[0] ?? 0; break;
      case 32: if (!isEmbedded) facts.embedded = parseEmbedded(value); break;
      case 33: facts.issuer = value.subarray(1).toString('hex').slice(-16); break;
      default: if ((type & 0x80) !== 0 && !HARMLESS.includes(type & 0x7f)) facts.understood = false;
    }
    at = start + length;
  }
  return facts;
}

/** Exportable, preferences, primary user id, features, reason for revocation, revocable, policy: nothing that limits a signature. */
const HARMLESS = [4, 7, 11, 21, 22, 23, 24, 25, 26, 28, 29, 30, 34];

/** One level deep: what would be embedded in it does not count. */
function parseEmbedded(value: Buffer): Signature | undefined {
  return value[0] === 4 && value[1] === 0x19 ? parseSignature(value, true) : undefined;
}
