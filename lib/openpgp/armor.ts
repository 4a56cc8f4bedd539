// SPDX-License-Identifier: Apache-2.0
import { badSignature } from './bad-signature';

const CLEAR = '-----BEGIN PGP SIGNED MESSAGE-----';
const BEGIN = '-----BEGIN PGP SIGNATURE-----';
const END = '-----END PGP SIGNATURE-----';

/** The bytes of every armoured block of this kind; a checksum is not looked at, signatures say more. */
export function dearmor(text: string, kind: string): Buffer {
  const blocks = text.matchAll(new RegExp(`^-----BEGIN ${kind}-----[ \\t]*\\r?\\n([^]*?)^-----END ${kind}-----`, 'gm'));
  return Buffer.concat([...blocks].map(([, block = '']) => decode(block)));
}

function decode(block: string): Buffer {
  const lines = block.split(/\r?\n/);
  const data = lines.slice(lines.findIndex((line) => line.trim() === '') + 1).filter((line) => !line.startsWith('='));
  if (!data.every((line) => /^[A-Za-z0-9+/]*={0,2}[ \t]*$/.test(line))) throw badSignature('damaged OpenPGP armour');
  return Buffer.from(data.join(''), 'base64');
}

export function isClearSigned(message: string): boolean {
  return message.startsWith(CLEAR);
}

export interface ClearSigned {
  /** White space at the ends of lines is gone: it was not signed. */
  text: string;
  /** What was signed: the same with CRLF. */
  signed: Buffer;
  signatures: Buffer;
}

/**
 * Takes a message with a clear signature apart (RFC 9580, 7). Strict: nothing may come before or after, so that what is read is what
 * was signed. @throws E_SIGNATURE
 */
export function parseClearSigned(message: string): ClearSigned {
  const lines = message.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines[0] !== CLEAR) throw badSignature('there is no signature');
  const blank = lines.indexOf('');
  if (blank < 0 || !lines.slice(1, blank).every((line) => /^Hash: [A-Za-z0-9, -]+$/.test(line))) throw badSignature('a damaged header');
  const begin = lines.indexOf(BEGIN, blank);
  const end = lines.indexOf(END, begin);
  if (begin < 0 || end < 0) throw badSignature('there is no signature');
  if (lines.slice(end + 1).some((line) => line.trim() !== '')) throw badSignature('text after the signature');
  const text = lines.slice(blank + 1, begin).map((line) => undash(line).replace(/[ \t]+$/, ''));
  return { text: text.join('\n'), signed: Buffer.from(text.join('\r\n')), signatures: decode(lines.slice(begin + 1, end).join('\n')) };
}

function undash(line: string): string {
  if (!line.startsWith('-')) return line;
  if (!line.startsWith('- ')) throw badSignature('a line that should be escaped is not');
  return line.slice(2);
}
