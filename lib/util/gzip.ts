// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { constants, crc32, deflateRaw } from 'node:zlib';

/** Bytes of what came before that deflate refers to. */
const WINDOW = 32 * 1024;
/** Magic, deflate; no name and no time, so that the same bytes give the same; Unix. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** An empty block that is the last. */
const END = [3, 0];

/**
 * One member of gzip, whose pieces are compressed on all processors: each goes on where the one before it ends, but for Huffman's codes. The
 * same pieces give the same result. A piece may be another one as soon as the next is asked for.
 */
export async function* gzip(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield HEADER;
  const running: Promise<Buffer>[] = [];
  let [sum, size, before]: [number, number, Buffer | undefined] = [0, 0, undefined];
  for await (const piece of pieces) {
    const block = Buffer.from(piece);
    sum = crc32(block, sum);
    size += block.length;
    running.push(deflate(block, before));
    before = block.subarray(-WINDOW);
    if (running.length > availableParallelism()) yield await (running.shift() as Promise<Buffer>);
  }
  for (const block of running) yield await block;
  const end = Buffer.from([...END, 0, 0, 0, 0, 0, 0, 0, 0]);
  end.writeUInt32LE(sum, 2);
  end.writeUInt32LE(size % 2 ** 32, 6);
  yield end;
}

function deflate(block: Buffer, dictionary: Buffer | undefined): Promise<Buffer> {
  const done = new Promise<Buffer>((resolve, reject) => {
    const options = { chunkSize: Math.max(1024, block.length), finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary && { dictionary }) };
    deflateRaw(block, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
  // Who stops early does not wait for it.
  done.catch(() => undefined);
  return done;
}
