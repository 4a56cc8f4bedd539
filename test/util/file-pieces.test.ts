// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { filePieces } from '../../lib/util/file-pieces';

describe('a file in pieces', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pieces-'));
  const path = join(directory, 'file');
  after(() => rmSync(directory, { recursive: true }));
  const isOpen = () => readdirSync('/proc/self/fd').some((fd) => linkOf(fd) === path);

  async function collected(from: number, to: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of filePieces(path, from, to)) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  }

  it('is what lies between two offsets, and ends where it does', async () => {
    const bytes = randomBytes(1_700_000);
    writeFileSync(path, bytes);
    for (const [from, to] of [[0, bytes.length], [0, 1], [0, 0], [524_287, 524_289], [600_000, 1_648_576], [1_699_999, 1_700_000], [1_000_000, 9_000_000]] as const) {
      assert.ok((await collected(from, to)).equals(bytes.subarray(from, to)), `${from} to ${to}`);
    }
    assert.ok(!isOpen());
  });

  it('is the same for streams that take their time, several at once', async () => {
    const bytes = randomBytes(5 * 1024 * 1024 + 3000);
    writeFileSync(path, bytes);
    await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const taken: Buffer[] = [];
        // As a socket: a piece is looked at when it has been asked for the next already, if it said that it has room.
        const slow = new Writable({ write: (piece: Buffer, _encoding, done) => setImmediate(() => setImmediate(() => (taken.push(Buffer.from(piece)), done()))) });
        for await (const piece of filePieces(path, index * 1000, bytes.length)) if (!slow.write(piece)) await new Promise((resolve) => slow.once('drain', resolve));
        await new Promise<void>((resolve) => slow.end(resolve));
        assert.ok(Buffer.concat(taken).equals(bytes.subarray(index * 1000)));
      }),
    );
  });

  it('is closed when nobody wants the rest of it', async () => {
    writeFileSync(path, randomBytes(2_000_000));
    for await (const piece of filePieces(path, 0, 2_000_000)) {
      assert.ok(piece.length > 0 && isOpen());
      break;
    }
    assert.ok(!isOpen());
    await assert.rejects(filePieces(join(directory, 'none'), 0, 1).next(), { code: 'ENOENT' });
  });
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
