// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, read } from 'node:fs';
import { getDefaultHighWaterMark } from 'node:stream';

/** Bytes that are read at once: a third of what sending a layer cost was for the number of pieces. */
const PIECE = 512 * 1024;

/** Buffers that nobody uses: to have new ones costs more than to read into them. */
const spare: Buffer[] = [];
const MOST_SPARE = 10;

/**
 * Bytes of a file, up to an offset or its end. A piece is its reader's until that asks for the next one. So it is with whoever writes
 * them to a stream and waits where that says so; what is too short for that is its reader's for good.
 */
export async function* filePieces(path: string, from: number, to: number): AsyncGenerator<Uint8Array, void, undefined> {
  let [buffer, other] = [spareBuffer(), spareBuffer()];
  const short = getDefaultHighWaterMark(false);
  const fd = openSync(path, 'r');
  let ahead = readInto(buffer, fd, from, to);
  try {
    for (let at = from; at < to; ) {
      const piece = await ahead;
      if (piece.length === 0) return;
      at += piece.length;
      [buffer, other] = [other, buffer];
      if (at < to) ahead = readInto(buffer, fd, at, to);
      yield piece.length < short ? Buffer.from(piece) : piece;
    }
    if (spare.length < MOST_SPARE) spare.push(buffer, other);
  } finally {
    // The descriptor is not another file's while something is still read from it.
    await ahead.catch(() => undefined);
    closeSync(fd);
  }
}

function spareBuffer(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(PIECE);
}

function readInto(buffer: Buffer, fd: number, at: number, to: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, Math.min(buffer.length, to - at), at, (error, bytes) => (error === null ? resolve(buffer.subarray(0, bytes)) : reject(error)));
  });
}
