// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readInteger, readNumber } from './packets';

export interface PublicKey {
  algorithm: number;
  /** Bytes of an RSA modulus. */
  size: number;
  key: KeyObject;
  /** Seconds since the epoch. */
  created: number;
  /** Hex, of the last eight bytes of the fingerprint. */
  id: string;
  /** As it goes into the digests of signatures about it. */
  hashed: Buffer;
}

const SMALLEST_RSA = 256;
const ED25519_OID = Buffer.from('2b06010401da470f01', 'hex');

/** A key that signatures can be verified with here: RSA of 2048 bits or more, Ed25519; undefined for any other. */
export function parsePublicKey(body: Buffer): PublicKey | undefined {
  if (body[0] !== 4) return undefined;
  const algorithm = readNumber(body, 5, 1);
  const parsed = material(algorithm, body);
  if (parsed === undefined) return undefined;
  const hashed = Buffer.concat([Buffer.from([0x99, body.length >> 8, body.length & 0xff]), body]);
  const fingerprint = createHash('sha1').update(hashed).digest('hex');
  return { algorithm, ...parsed, created: readNumber(body, 1, 4), id: fingerprint.slice(-16), hashed };
}

function material(algorithm: number, body: Buffer): Pick<PublicKey, 'size' | 'key'> | undefined {
  if (algorithm === 1 || algorithm === 3) {
    const modulus = readInteger(body, 6);
    const exponent = readInteger(body, modulus.end);
    if (modulus.value.length < SMALLEST_RSA) return undefined;
    return { size: modulus.value.length, key: fromJwk({ kty: 'RSA', n: modulus.value.toString('base64url'), e: exponent.value.toString('base64url') }) };
  }
  if (algorithm === 27) return { size: 0, key: ed25519(body.subarray(6, 38)) };
  const oid = body.subarray(7, 7 + ED25519_OID.length);
  if (algorithm !== 22 || !oid.equals(ED25519_OID)) return undefined;
  const point = readInteger(body, 7 + ED25519_OID.length).value;
  // 0x40: a point as its curve writes it.
  return point.length === 33 && point[0] === 0x40 ? { size: 0, key: ed25519(point.subarray(1)) } : undefined;
}

function ed25519(point: Buffer): KeyObject {
  return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') });
}

function fromJwk(key: Record<string, string>): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}
