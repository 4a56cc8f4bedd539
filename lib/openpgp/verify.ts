// SPDX-License-Identifier: Apache-2.0
import { parseClearSigned } from './armor';
import { badSignature } from './bad-signature';
import type { SigningKey } from './keyring';
import { parseSignatures } from './signature';

/** Of a document, with white space at line ends or without. */
const DOCUMENT = [0x00, 0x01];

/**
 * The text of a clear-signed message, when one of these keys has signed it. Written here as all there is to do is verify, with what
 * node:crypto has: libraries for OpenPGP are larger than the rest of this package.
 * @throws E_SIGNATURE also when one of several signatures of known keys is wrong
 */
export function verifyClearSigned(message: string, keys: readonly SigningKey[], now = Date.now()): string {
  const { text, signed, signatures } = parseClearSigned(message);
  const seconds = now / 1000;
  const unknown: string[] = [];
  let good = false;
  let expired: string | undefined;
  for (const signature of parseSignatures(signatures)) {
    const by = keys.find(({ key }) => key.id === signature.issuer);
    if (!DOCUMENT.includes(signature.type)) continue;
    if (by === undefined) {
      unknown.push(signature.issuer.toUpperCase());
      continue;
    }
    if (!signature.isBy(by.key, signed)) throw badSignature(`the signature of key ${signature.issuer.toUpperCase()} is wrong`);
    if ([by.expires, signature.expires].some((end) => end !== 0 && end < seconds)) expired = signature.issuer.toUpperCase();
    else good = true;
  }
  if (good) return text;
  if (expired !== undefined) throw badSignature(`the signature of key ${expired} has expired`);
  if (unknown.length === 0) throw badSignature('there is no signature');
  throw badSignature(`no public key for the signatures of ${unknown.join(', ')}`, 'Install the keyring of the archive, or name it with --keyring.');
}
