// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

const CHUNK = 64 * 1024;

/** Where a journal ended at some moment. */
export interface Mark {
  inode: number;
  size: number;
}

interface OpenFile {
  fd: number;
  inode: number;
}

/**
 * Reads the lines of a journal from its beginning or a mark, going on where it stopped, from one generation to the next.
 * What it reads is in memory: synchronous calls take less than asynchronous ones.
 */
export class JournalReader {
  private readonly previous: string;
  private file: OpenFile | undefined;
  private position = 0;
  private rest = Buffer.alloc(0);

  constructor(
    private readonly path: string,
    from?: Mark,
  ) {
    this.previous = `${path}.1`;
    this.file = this.oldest(from);
    if (from !== undefined && this.file?.inode === from.inode) this.position = from.size;
  }

  /** Everything that was written since the last call. */
  *lines(): Generator<string> {
    this.file ??= this.oldest();
    yield* this.toEnd();
    // Nobody writes to a file any more once it has been renamed, so that its end is then the last.
    for (let next = this.following(); next !== undefined; next = this.following()) {
      yield* this.toEnd();
      this.close();
      [this.file, this.position, this.rest] = [next, 0, Buffer.alloc(0)];
      yield* this.toEnd();
    }
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file.fd);
    this.file = undefined;
  }

  private *toEnd(): Generator<string> {
    const chunk = Buffer.allocUnsafe(CHUNK);
    while (this.file !== undefined) {
      const length = readSync(this.file.fd, chunk, 0, CHUNK, this.position);
      if (length === 0) return;
      this.position += length;
      const data = Buffer.concat([this.rest, chunk.subarray(0, length)]);
      const end = data.lastIndexOf(10) + 1;
      this.rest = data.subarray(end);
      if (end > 0) yield* data.toString('utf8', 0, end - 1).split('\n');
    }
  }

  /** The older generation, unless the mark is in the newer one. */
  private oldest(from?: Mark): OpenFile | undefined {
    for (;;) {
      const older = openFile(this.previous);
      const newer = openFile(this.path);
      if (inodeOf(this.previous) === older?.inode) {
        const useNewer = older === undefined || (from !== undefined && newer?.inode === from.inode);
        const [used, unused] = useNewer ? [newer, older] : [older, newer];
        if (unused !== undefined) closeSync(unused.fd);
        return used;
      }
      for (const file of [older, newer]) if (file !== undefined) closeSync(file.fd); // rotated in between
    }
  }

  /** The generation after the one that is open; undefined when that is the newest. */
  private following(): OpenFile | undefined {
    const own = this.file?.inode;
    for (;;) {
      if (own === undefined || inodeOf(this.path) === own) return undefined;
      const older = inodeOf(this.previous);
      const next = openFile(older === undefined || older === own ? this.path : this.previous);
      if (inodeOf(this.previous) === older) return next; // perhaps nobody has begun it yet
      if (next !== undefined) closeSync(next.fd); // rotated again
    }
  }
}

/** Where the journal ends now. */
export function markEnd(path: string): Mark {
  const stat = statSync(path, { throwIfNoEntry: false });
  return { inode: stat?.ino ?? 0, size: stat?.size ?? 0 };
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function openFile(path: string): OpenFile | undefined {
  try {
    const fd = openSync(path, 'r');
    return { fd, inode: fstatSync(fd).ino };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
