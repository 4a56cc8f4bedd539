// SPDX-License-Identifier: Apache-2.0
import { badSignature } from './bad-signature';

/** Tags of RFC 9580 that mean something here. */
export const TAG = { signature: 2, publicKey: 6, publicSubkey: 14, userId: 13 } as const;

export interface Packet {
  tag: number;
  body: Buffer;
}

/** Splits a sequence of packets, with headers of either format. @throws E_SIGNATURE for lengths that do not fit */
export function splitPackets(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { tag, start, end } = header(bytes, at);
    if (end > bytes.length) throw badSignature('OpenPGP data that ends early');
    packets.push({ tag, body: bytes.subarray(start, end) });
    at = end;
  }
  return packets;
}

function header(bytes: Buffer, at: number): { tag: number; start: number; end: number } {
  const first = bytes[at] as number;
  if ((first & 0x80) === 0) throw badSignature('data that is not OpenPGP');
  if ((first & 0x40) !== 0) {
    const { length, start } = newLength(bytes, at + 1);
    return { tag: first & 0x3f, start, end: start + length };
  }
  const size = [1, 2, 4][first & 3];
  if (size === undefined) throw badSignature('an OpenPGP packet without a length');
  const start = at + 1 + size;
  return { tag: (first >> 2) & 0xf, start, end: start + readNumber(bytes, at + 1, size) };
}

/** The lengths of packets in the new format, and of subpackets. Partial lengths are for data, which is not read here. */
export function newLength(bytes: Buffer, at: number): { length: number; start: number } {
  const first = readNumber(bytes, at, 1);
  if (first < 192) return { length: first, start: at + 1 };
  if (first < 224) return { length: ((first - 192) << 8) + readNumber(bytes, at + 1, 1) + 192, start: at + 2 };
  if (first === 255) return { length: readNumber(bytes, at + 1, 4), start: at + 5 };
  throw badSignature('an OpenPGP packet of partial length');
}

/** @throws E_SIGNATURE past the end */
export function readNumber(bytes: Buffer, at: number, size: number): number {
  if (at + size > bytes.length) throw badSignature('OpenPGP data that ends early');
  return bytes.readUIntBE(at, size);
}

/** A multiprecision integer and what comes after it. */
export function readInteger(bytes: Buffer, at: number): { value: Buffer; end: number } {
  const size = Math.ceil(readNumber(bytes, at, 2) / 8);
  if (at + 2 + size > bytes.length) throw badSignature('OpenPGP data that ends early');
  return { value: bytes.subarray(at + 2, at + 2 + size), end: at + 2 + size };
}
