// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { DockerliteError } from '../errors';
import { dearmor } from './armor';
import { badSignature } from './bad-signature';
import { type Packet, splitPackets, TAG } from './packets';
import { parsePublicKey, type PublicKey } from './public-key';
import { parseSignature, type Signature } from './signature';

/** A key that may sign data, and until when (seconds since the epoch; 0 for ever). */
export interface SigningKey {
  key: PublicKey;
  expires: number;
  /** Fingerprint of the primary key, which may be itself. */
  primary: string;
}

const MAY_SIGN = 0x02;
/** Certifications of a user id, and a signature directly on the key. */
const USER_CERTIFICATIONS = [0x10, 0x11, 0x12, 0x13];
const DIRECT = 0x1f;

/** The keys of a keyring, binary or armoured, that may sign data. @throws E_NOT_FOUND, E_SIGNATURE */
export function readKeyring(path: string): SigningKey[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new DockerliteError('E_NOT_FOUND', `keyring ${path}: ${(error as Error).message}`, { path, cause: error });
  }
  try {
    return parseKeyring(bytes);
  } catch (error) {
    throw badSignature(`keyring ${path}: ${(error as Error).message}`, 'Give one as `gpg --export` writes it, not a keybox.');
  }
}

export function parseKeyring(bytes: Buffer): SigningKey[] {
  const binary = (bytes[0] ?? 0) & 0x80 ? bytes : dearmor(bytes.toString('latin1'), 'PGP PUBLIC KEY BLOCK');
  const blocks: Packet[][] = [];
  for (const packet of splitPackets(binary)) {
    if (packet.tag === TAG.publicKey) blocks.push([]);
    blocks.at(-1)?.push(packet);
  }
  if (blocks.length === 0) throw badSignature('there is no key in it');
  return blocks.flatMap(signingKeys);
}

/** Whether one of these fingerprints is that of the key; or of its primary key, unless `!` says that no other is meant. */
export function isNamed({ key, primary }: SigningKey, fingerprints: readonly string[]): boolean {
  return fingerprints.some((text) => {
    const wanted = text.toLowerCase();
    return wanted === primary || wanted.replace(/!$/, '') === key.fingerprint;
  });
}

/** A key with what was said about it: that which it said itself, of itself and of its subkeys, is believed. */
function signingKeys([first, ...rest]: Packet[]): SigningKey[] {
  const primary = parsePublicKey((first as Packet).body);
  if (primary === undefined) return [];
  const own: Signature[] = [];
  const keys: SigningKey[] = [];
  let about: Buffer[] = [];
  let subkey: { key: PublicKey | undefined; said: Signature[] } | undefined;
  const finish = () => {
    const bound = subkey?.key && bind(primary, subkey.key, subkey.said);
    if (bound) keys.push(bound);
  };
  for (const { tag, body } of rest) {
    if (tag === TAG.userId) about = [primary.hashed, Buffer.concat([Buffer.from([0xb4]), uint32(body.length), body])];
    if (tag === TAG.publicSubkey) {
      finish();
      subkey = { key: parsePublicKey(body), said: [] };
    }
    if (tag !== TAG.signature || body[0] !== 4) continue;
    const signature = parseSignature(body);
    if (subkey !== undefined) subkey.said.push(signature);
    else if (signature.isBy(primary, signature.type === DIRECT || signature.type === 0x20 ? primary.hashed : Buffer.concat(about))) own.push(signature);
  }
  finish();
  // What names a revoker says nothing else: it is asked for each property who said something of it.
  const newest = [latest(own, USER_CERTIFICATIONS), latest(own, [DIRECT])].filter((one) => one !== undefined);
  if (newest.length === 0 || own.some(({ type }) => type === 0x20)) return [];
  const expires = newest.map((one) => expiry(primary, one)).reduce(soonest);
  const flags = newest.map(({ keyFlags }) => keyFlags).find((some) => some !== undefined) ?? MAY_SIGN;
  const lives = keys.map((one) => ({ ...one, expires: soonest(one.expires, expires) }));
  return (flags & MAY_SIGN) !== 0 ? [{ key: primary, expires, primary: primary.fingerprint }, ...lives] : lives;
}

/** A subkey that its primary key says is its own and may sign, and that says so itself; not one that was revoked. */
function bind(primary: PublicKey, key: PublicKey, said: Signature[]): SigningKey | undefined {
  const data = Buffer.concat([primary.hashed, key.hashed]);
  const genuine = said.filter((one) => one.isBy(primary, data));
  const newest = latest(genuine, [0x18]);
  if (newest === undefined || genuine.some(({ type }) => type === 0x28) || ((newest.keyFlags ?? 0) & MAY_SIGN) === 0) return undefined;
  return newest.embedded?.isBy(key, data) === true ? { key, expires: expiry(key, newest), primary: primary.fingerprint } : undefined;
}

function latest(signatures: Signature[], types: number[]): Signature | undefined {
  return signatures.filter(({ type }) => types.includes(type)).sort((a, b) => b.created - a.created)[0];
}

function expiry(key: PublicKey, { keyLifetime = 0 }: Signature): number {
  return keyLifetime === 0 ? 0 : key.created + keyLifetime;
}

function soonest(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
