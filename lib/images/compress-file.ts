// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { checkAborted } from '../util/aborted';
import { filePieces } from '../util/file-pieces';
import { gzip } from '../util/gzip';

export interface Compressed {
  /** Hex digits of what was compressed, and of what came of it. */
  plain: string;
  packed: string;
  /** Bytes of that. */
  size: number;
}

/** Makes a gzip file of another; the same content gives the same one. @throws E_ABORTED */
export async function compressFile(source: string, target: string, signal?: AbortSignal): Promise<Compressed> {
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  const file = await open(target, 'wx', 0o600);
  try {
    for await (const piece of gzip(hashed(filePieces(source, 0, statSync(source).size), plain))) {
      checkAborted(signal);
      packed.update(piece);
      size += piece.length;
      await file.appendFile(piece);
    }
  } finally {
    await file.close();
  }
  return { plain: plain.digest('hex'), packed: packed.digest('hex'), size };
}

async function* hashed(pieces: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}
