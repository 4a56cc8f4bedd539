// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readInteger, readNumber } from './packets';

export interface PublicKey {
  algorithm: number;
  /** Bytes of an RSA modulus, or of a coordinate on an ECDSA curve. */
  size: number;
  key: KeyObject;
  /** Seconds since the epoch. */
  created: number;
  /** Hex. */
  fingerprint: string;
  /** Hex, of the last eight bytes of that. */
  id: string;
  /** As it goes into the digests of signatures about it. */
  hashed: Buffer;
}

const SMALLEST_RSA = 256;
const ED25519_OID = '2b06010401da470f01';
/** NIST's curves: their names, and bytes of a coordinate. */
const ECDSA_CURVES: Readonly<Record<string, { crv: string; size: number }>> = {
  '2a8648ce3d030107': { crv: 'P-256', size: 32 },
  '2b81040022': { crv: 'P-384', size: 48 },
  '2b81040023': { crv: 'P-521', size: 66 },
};

/** A key that signatures can be verified with here: RSA of 2048 bits or more, Ed25519, ECDSA on NIST's curves; undefined for any other. */
export function parsePublicKey(body: Buffer): PublicKey | undefined {
  if (body[0] !== 4) return undefined;
  const algorithm = readNumber(body, 5, 1);
  const parsed = material(algorithm, body);
  if (parsed === undefined) return undefined;
  const hashed = Buffer.concat([Buffer.from([0x99, body.length >> 8, body.length & 0xff]), body]);
  const fingerprint = createHash('sha1').update(hashed).digest('hex');
  return { algorithm, ...parsed, created: readNumber(body, 1, 4), fingerprint, id: fingerprint.slice(-16), hashed };
}

function material(algorithm: number, body: Buffer): Pick<PublicKey, 'size' | 'key'> | undefined {
  if (algorithm === 1 || algorithm === 3) {
    const modulus = readInteger(body, 6);
    const exponent = readInteger(body, modulus.end);
    if (modulus.value.length < SMALLEST_RSA) return undefined;
    return { size: modulus.value.length, key: fromJwk({ kty: 'RSA', n: modulus.value.toString('base64url'), e: exponent.value.toString('base64url') }) };
  }
  if (algorithm === 27) return { size: 0, key: ed25519(body.subarray(6, 38)) };
  if (algorithm !== 19 && algorithm !== 22) return undefined;
  const end = 7 + readNumber(body, 6, 1);
  const oid = body.subarray(7, end).toString('hex');
  const point = readInteger(body, end).value;
  if (algorithm === 19) return ecdsa(ECDSA_CURVES[oid], point);
  // 0x40: a point as its curve writes it.
  return oid === ED25519_OID && point.length === 33 && point[0] === 0x40 ? { size: 0, key: ed25519(point.subarray(1)) } : undefined;
}

/** 0x04: both coordinates. A point that is not on its curve is no key. */
function ecdsa(curve: { crv: string; size: number } | undefined, point: Buffer): Pick<PublicKey, 'size' | 'key'> | undefined {
  if (curve === undefined || point.length !== 1 + 2 * curve.size || point[0] !== 4) return undefined;
  const { crv, size } = curve;
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)].map((number) => number.toString('base64url')) as [string, string];
  try {
    return { size, key: fromJwk({ kty: 'EC', crv, x, y }) };
  } catch {
    return undefined;
  }
}

function ed25519(point: Buffer): KeyObject {
  return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') });
}

function fromJwk(key: Record<string, string>): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}
