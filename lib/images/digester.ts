// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** sha256 and size of what goes through it. */
export class Digester extends Transform {
  private readonly hash = createHash('sha256');
  size = 0;

  override _transform(chunk: Buffer, _: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.hash.update(chunk);
    this.size += chunk.length;
    done(null, chunk);
  }

  digest(): string {
    return this.hash.digest('hex');
  }
}
