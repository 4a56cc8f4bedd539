// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { gzip } from '../../lib/util/gzip';

describe('gzip on all processors', () => {
  /** The same buffer each time, as of one who reads a file. */
  async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.alloc(size);
    for (let at = 0; at < bytes.length; at += size) yield buffer.subarray(0, bytes.copy(buffer, 0, at, at + size));
  }

  async function packed(bytes: Buffer, size: number): Promise<Buffer> {
    const all: Uint8Array[] = [];
    for await (const piece of gzip(pieces(bytes, size))) all.push(piece);
    return Buffer.concat(all);
  }

  const text = Buffer.from(Array.from({ length: 60_000 }, (_, line) => `line ${line} of a text that repeats itself ${line % 97}\n`).join(''));

  for (const [what, bytes] of [['nothing', Buffer.alloc(0)], ['a byte', Buffer.from('x')], ['text', text], ['noise', randomBytes(1_500_000)], ['zeros', Buffer.alloc(3_000_000)]] as const) {
    it(`gives back ${what}, the same each time`, async () => {
      for (const size of [1000, 64 * 1024, 512 * 1024]) {
        const one = await packed(bytes, size);
        assert.ok(gunzipSync(one).equals(bytes));
        assert.ok(execFileSync('gzip', ['-dc'], { input: one, maxBuffer: 1e8 }).equals(bytes));
        assert.ok((await packed(bytes, size)).equals(one));
      }
    });
  }

  it('is hardly larger than that of one processor: pieces refer to what came before them', async () => {
    assert.ok((await packed(text, 64 * 1024)).length < 1.02 * gzipSync(text).length);
  });

  it('ends with what fails, and when nobody wants the rest', async () => {
    const broken = async function* () {
      yield text;
      throw new Error('broken');
    };
    await assert.rejects(async () => {
      for await (const piece of gzip(broken())) assert.ok(piece.length > 0);
    }, /broken/);
    for await (const piece of gzip(pieces(text, 1000))) if (piece.length > 0) break;
  });
});
